package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The built-in test picture")
class TestPictureTest {
    private static final long NOW = 1_767_225_600_123L;

    static {
        // Set this before the first image is created, because DISPLAY may name a screen that does not exist.
        System.setProperty("java.awt.headless", "true");
    }

    @ParameterizedTest
    @CsvSource({"640, 360", "160, 90", "1280, 720", "640, 480", "321, 243"})
    @DisplayName("a frame is a JPEG image of the requested size")
    void size(int width, int height) throws IOException {
        byte[] jpeg = new TestPicture(width, height, 25).jpeg(7, NOW);

        assertEquals(0xffd8, (jpeg[0] & 0xff) << 8 | jpeg[1] & 0xff, "start of image");
        assertEquals(0xffd9, (jpeg[jpeg.length - 2] & 0xff) << 8 | jpeg[jpeg.length - 1] & 0xff, "end of image");
        BufferedImage image = decode(jpeg);
        assertEquals(width, image.getWidth());
        assertEquals(height, image.getHeight());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 0x5555_5555L, 0xaaaa_aaaaL, 0xffff_ffffL, 0x8000_0001L, NOW, -1})
    @DisplayName("the low 32 bits of the time can be read back from the blocks at the bottom")
    void timeCode(long millis) throws IOException {
        for (int[] size : new int[][] {{640, 360}, {160, 90}, {1280, 720}, {321, 243}}) {
            TestPicture picture = new TestPicture(size[0], size[1], 30);
            BufferedImage image = decode(picture.jpeg(3, millis));
            assertEquals(millis & 0xffff_ffffL, readCode(picture, image), size[0] + "x" + size[1]);
        }
    }

    @Test
    @DisplayName("each frame of a second differs visibly from the one before it, not only in the clock")
    void alive() throws IOException {
        TestPicture picture = new TestPicture(640, 360, 30);
        BufferedImage last = decode(picture.jpeg(0, NOW));
        for (int frame = 1; frame <= 30; frame++) {
            BufferedImage next = decode(picture.jpeg(frame, NOW));
            int changed = 0;
            for (int y = 0; y < 206; y += 2) {
                for (int x = 0; x < 640; x += 2) {
                    int a = last.getRGB(x, y);
                    int b = next.getRGB(x, y);
                    changed += Math.abs((a >> 8 & 0xff) - (b >> 8 & 0xff)) > 16 ? 1 : 0;
                }
            }
            assertTrue(changed > 50, "frame " + frame + ": " + changed + " pixels of the bars changed");
            last = next;
        }
    }

    @Test
    @DisplayName("the clock shows the time, whatever the number of the frame is")
    void clock() throws IOException {
        TestPicture picture = new TestPicture(640, 360, 30);
        BufferedImage one = decode(picture.jpeg(5, 1_000));
        BufferedImage other = decode(picture.jpeg(5, 1_008));

        assertNotEquals(pixels(one, 430, 255, 50, 65), pixels(other, 430, 255, 50, 65), "the last digit");
        assertEquals(pixels(one, 30, 255, 120, 65), pixels(other, 30, 255, 120, 65), "the first digits");
    }

    @Test
    @DisplayName("a frame has at least 7 colours and at most 40 KB at the default size")
    void cost() throws IOException {
        TestPicture picture = new TestPicture(640, 360, 30);
        for (int frame = 0; frame < 200; frame += 7) {
            int bytes = picture.jpeg(frame, NOW + frame * 33L).length;
            assertTrue(bytes > 5_000 && bytes < 40_000, "frame " + frame + ": " + bytes + " bytes");
        }
        BufferedImage image = decode(picture.jpeg(1, NOW));
        Set<Integer> colors = new HashSet<>();
        for (int x = 0; x < 640; x += 10) {
            colors.add(image.getRGB(x, 100));
        }
        assertTrue(colors.size() >= 7, colors.size() + " colours");
    }

    @Test
    @DisplayName("the same frame and time give the same bytes, and a later frame does not change them")
    void repeatable() {
        TestPicture picture = new TestPicture(320, 180, 10);
        byte[] first = picture.jpeg(4, NOW);
        byte[] kept = first.clone();
        picture.jpeg(5, NOW + 100);

        assertArrayEquals(kept, first);
        assertArrayEquals(first, picture.jpeg(4, NOW));
        assertArrayEquals(first, new TestPicture(320, 180, 10).jpeg(4, NOW));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_000L})
    @DisplayName("any frame number can be drawn")
    void frameNumbers(long frame) throws IOException {
        assertEquals(160, decode(new TestPicture(160, 90, 240).jpeg(frame, NOW)).getWidth());
    }

    @ParameterizedTest
    @CsvSource({"159, 90, 30", "160, 89, 30", "4097, 90, 30", "4096, 4097, 30", "160, 90, 0", "160, 90, 241",
        "360, 640, 30"})
    @DisplayName("a size or a rate outside its range is refused")
    void refused(int width, int height, int fps) {
        assertThrows(IllegalArgumentException.class, () -> new TestPicture(width, height, fps));
    }

    private static long readCode(TestPicture picture, BufferedImage image) {
        int y = image.getHeight() - picture.codeHeight() / 2;
        long code = 0;
        for (int i = 0; i < TestPicture.CODE_BLOCKS; i++) {
            int x = (2 * i + 1) * image.getWidth() / (2 * TestPicture.CODE_BLOCKS);
            int green = image.getRGB(x, y) >> 8 & 0xff;
            code = code << 1 | (green >= 128 ? 1 : 0);
        }
        return code;
    }

    private static BufferedImage decode(byte[] jpeg) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(jpeg));
    }

    private static List<Integer> pixels(BufferedImage image, int x, int y, int width, int height) {
        return Arrays.stream(image.getRGB(x, y, width, height, null, 0, width)).boxed().toList();
    }
}
