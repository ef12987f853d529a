package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CloseCodeTest {
    @ParameterizedTest
    @ValueSource(ints = {1000, 1003, 1007, 1008, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    @DisplayName("a registered or application code may be sent")
    void sendable(int code) {
        assertEquals(true, CloseCode.mayBeSent(code));
        assertEquals(code, new ProtocolException(code, "reason").closeCode());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    @DisplayName("a reserved code may not be sent, and no exception carries it")
    void unsendable(int code) {
        assertEquals(false, CloseCode.mayBeSent(code));
        assertThrows(IllegalArgumentException.class, () -> new ProtocolException(code, "reason"));
    }

    @Test
    @DisplayName("4 + 8 registered and 2,000 application codes may be sent, and no other 16-bit number")
    void count() {
        int sendable = 0;
        for (int code = 0; code <= 0xFFFF; code++) {
            sendable += CloseCode.mayBeSent(code) ? 1 : 0;
        }
        assertEquals(4 + 8 + 2000, sendable);
    }
}
