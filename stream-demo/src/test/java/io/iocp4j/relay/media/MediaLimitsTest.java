package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The limits of a parser, and its init segments")
class MediaLimitsTest {
    @Test
    @DisplayName("the defaults are 1 MiB, 8 MiB, 16 levels and 8 tracks")
    void defaults() {
        assertEquals(new MediaLimits(1_048_576, 8_388_608, 16, 8), MediaLimits.defaults());
    }

    @Test
    @DisplayName("each limit can be changed without changing the others")
    void copies() {
        MediaLimits limits = MediaLimits.defaults();

        assertEquals(new MediaLimits(99, 8_388_608, 16, 8), limits.maxInitBytes(99));
        assertEquals(new MediaLimits(1_048_576, 99, 16, 8), limits.maxUnitBytes(99));
        assertEquals(new MediaLimits(1_048_576, 8_388_608, 9, 8), limits.maxBoxDepth(9));
        assertEquals(new MediaLimits(1_048_576, 8_388_608, 16, 9), limits.maxTracks(9));
    }

    @ParameterizedTest
    @CsvSource({
        "15, 16, 1, 1", "16, 15, 1, 1", "16, 16, 0, 1", "16, 16, 1, 0", "-1, 16, 1, 1",
        "1073741825, 16, 1, 1", "16, 1073741825, 1, 1", "16, 16, 65, 1", "16, 16, 1, 65"})
    @DisplayName("a limit outside its range is refused")
    void outOfRange(int initBytes, int unitBytes, int depth, int tracks) {
        assertThrows(IllegalArgumentException.class, () -> new MediaLimits(initBytes, unitBytes, depth, tracks));
    }

    @Test
    @DisplayName("a track needs a MIME type, and a picture needs width and height")
    void initWithoutPicture() {
        ByteBuffer bytes = ByteBuffer.allocate(1);

        assertThrows(IllegalArgumentException.class, () -> new MediaTrack(1, "video/mp4", 0, 1, bytes));
        assertThrows(IllegalArgumentException.class, () -> new MediaTrack(1, "video/mp4", 1, -1, bytes));
        assertThrows(NullPointerException.class, () -> new MediaTrack(1, null, 1, 1, bytes));
    }
}
