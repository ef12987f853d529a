package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A workload is a kind and its parameters")
class WorkloadTest {
    @Test
    @DisplayName("the text form has all parameters, sorted by name")
    void text() {
        assertEquals("ws-echo:connections=64,inFlight=1,rate=0,size=64", Workload.parse("ws-echo").toString());
        assertEquals("fan-out:rate=0,size=100,viewers=7", Workload.parse("fan-out:viewers=7,size=100").toString());
        assertEquals(7, Workload.parse("fan-out:viewers=7").get("viewers"));
        assertEquals(Workload.parse("idle"), new Workload(WorkloadKind.IDLE, Map.of("connections", 1_000L)));
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(WorkloadKind.class)
    @DisplayName("each kind reads its own text form back")
    void roundTrip(WorkloadKind kind) {
        Workload workload = Workload.parse(kind.word());
        assertEquals(kind.defaults(), workload.parameters());
        assertEquals(workload, Workload.parse(workload.toString()));
    }

    @Test
    @DisplayName("a workload says which protocol and which feature its server needs")
    void needs() {
        assertEquals("tcp tcp", needs("connect-storm"));
        assertEquals("ws ws", needs("connect-storm:websocket=1"));
        assertEquals("ws deflate", needs("ws-deflate"));
        assertEquals("ws deflate", needs("idle:websocket=1,deflate=1"));
        assertEquals("ws fan-out", needs("fan-out"));
        assertEquals("relay relay", needs("relay"));
    }

    private static String needs(String text) {
        Workload workload = Workload.parse(text);
        return workload.protocol() + " " + workload.feature();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "ws-ehco | no workload is called ws-ehco, did you mean ws-echo?; there are tcp-echo, ws-echo, ws-text,",
        "nonsense | no workload is called nonsense; there are tcp-echo,",
        "tcp-echo:conections=3 | tcp-echo has no parameter conections, did you mean connections?; it has connections,",
        "tcp-echo:size | a parameter is NAME=NUMBER, not \"size\"; tcp-echo has connections, inFlight, rate, size",
        "tcp-echo: | a parameter is NAME=NUMBER, not \"\"",
        "tcp-echo:size=-1 | a parameter is NAME=NUMBER, not \"size=-1\"",
        "tcp-echo:size=1,size=2 | the parameter size is there twice",
        "tcp-echo:size=0 | size of tcp-echo must be 1 to 1048576: 0",
        "fan-out:size=7 | size of fan-out must be 8 to 1048576: 7",
        "relay:rate=0 | rate of relay must be 1 to 10000000: 0",
        "idle:deflate=1 | deflate needs websocket=1",
        "idle:websocket=2 | websocket of idle must be 0 to 1: 2",
        "ws-echo:inFlight=1025 | inFlight of ws-echo must be 1 to 1024: 1025"})
    @DisplayName("a wrong one is refused with what there is instead")
    void wrong(String text, String message) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Workload.parse(text));
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }

    @Test
    @DisplayName("text of any length is valid UTF-8, and most of it is not ASCII alone")
    void utf8() throws CharacterCodingException {
        for (int size = 1; size < 200; size++) {
            byte[] text = Payloads.text(size);
            String decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
            assertEquals(size, text.length);
            assertTrue(size < 5 || decoded.length() < size, decoded);
        }
    }

    @Test
    @DisplayName("a movie is cut into what comes first and one unit for each picture")
    void movie() throws IOException {
        Movie movie = Movie.load();
        assertEquals(30, movie.units().size());
        assertEquals("ftyp", new String(movie.init(), 4, 4, StandardCharsets.US_ASCII));
        movie.units().forEach(unit -> assertEquals("moof", new String(unit, 4, 4, StandardCharsets.US_ASCII)));
    }
}
