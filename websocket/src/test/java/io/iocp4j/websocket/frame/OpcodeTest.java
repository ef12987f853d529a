package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpcodeTest {
    @ParameterizedTest
    @CsvSource({"CONTINUATION,0", "TEXT,1", "BINARY,2", "CLOSE,8", "PING,9", "PONG,10"})
    @DisplayName("each opcode has the number of RFC 6455 section 5.2")
    void numbers(Opcode opcode, int code) {
        assertEquals(code, opcode.code());
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("an opcode is found by its number")
    void found(Opcode opcode) {
        assertSame(opcode, Opcode.of(opcode.code()));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, -1})
    @DisplayName("a reserved number is not an opcode")
    void reserved(int code) {
        assertNull(Opcode.of(code));
    }

    @Test
    @DisplayName("exactly CLOSE, PING and PONG are control frames")
    void control() {
        Set<Opcode> control =
            EnumSet.allOf(Opcode.class).stream().filter(Opcode::isControl).collect(Collectors.toSet());
        assertEquals(EnumSet.of(Opcode.CLOSE, Opcode.PING, Opcode.PONG), control);
    }
}
