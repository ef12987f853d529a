package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.websocket.SharedMessage;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A frame or init segment with its header for the wire")
class MediaUnitTest {
    private static final String SEQ_AND_TIME = "fffffffe" + "0102030405060708";
    private static final long MICROS = 0x0102030405060708L;

    private final BufferPool pool = new BufferPool(0);

    private static ByteBuffer payload() {
        return ByteBuffer.wrap(new byte[] {9, 9, 0x55, 0x66, 9}, 2, 2);
    }

    private static String hex(SharedMessage message) {
        byte[] bytes = new byte[message.payloadLength()];
        message.data().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    @DisplayName("the header has 16 bytes, big-endian: kind, flags, track, sequence number, time of origin")
    void header() {
        ByteBuffer payload = payload();
        MediaUnit init = MediaUnit.init(pool, 0, -2, MICROS, payload);
        assertEquals("01" + "00" + "0000" + SEQ_AND_TIME + "5566", hex(init.message(0)));
        assertTrue(init.isInit());
        assertFalse(init.isKey());
        assertEquals(18, init.bytes());
        assertEquals(2, payload.position(), "the position of the payload must not change");
        init.release();
    }

    @Test
    @DisplayName("each combination of flags is framed once; the messages differ in their flags only")
    void variants() {
        for (boolean key : new boolean[] {true, false}) {
            MediaUnit unit = MediaUnit.media(pool, key, -2, MICROS, payload());
            for (int flags = 0; flags <= (MediaUnit.DISCONT | MediaUnit.FROM_CACHE); flags += MediaUnit.DISCONT) {
                SharedMessage message = unit.message(flags);
                assertEquals("02" + "0" + (flags | (key ? 1 : 0)) + "0000" + SEQ_AND_TIME + "5566", hex(message));
                assertSame(message, unit.message(flags));
                assertEquals(1, message.references(), "only the unit has a reference");
            }
            assertNotSame(unit.message(0), unit.message(MediaUnit.DISCONT));
            assertEquals(4 * BufferPool.PIECE_MIN, pool.usedBytes());
            unit.release();
            assertEquals(0, pool.usedBytes());
        }
    }

    @Test
    @DisplayName("is freed with its last reference, including only the messages that were framed")
    void released() {
        MediaUnit unit = MediaUnit.media(pool, true, 1, 1, payload());
        unit.retain();
        assertFalse(unit.release());
        assertEquals(BufferPool.PIECE_MIN, pool.usedBytes());
        assertTrue(unit.release());
        assertEquals(0, pool.usedBytes());
        assertThrows(IllegalStateException.class, unit::retain);
        assertThrows(IllegalStateException.class, unit::release);
    }

    @Test
    @DisplayName("the payload may be empty")
    void empty() {
        MediaUnit unit = MediaUnit.media(pool, false, 0, 0, ByteBuffer.allocate(0));
        assertEquals(MediaUnit.HEADER_BYTES, unit.bytes());
        unit.release();
    }
}
