package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.iocp4j.core.Shows;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Measures what this thread allocates. The JDK counts it exactly. */
class CodecMemoryTest {
    /** An allowance for what the JVM itself allocates on this thread, for example to link a call the first time. */
    private static final int SLACK = 16 << 10;

    /** Counts messages and retains nothing. */
    private static final class Counter implements MessageListener {
        int messages;

        @Override
        public void onText(String text) {
            messages++;
        }

        @Override
        public void onBinary(ByteBuffer data) {
            messages++;
        }

        @Override
        public void onPing(ByteBuffer payload) {
            messages++;
        }

        @Override
        public void onPong(ByteBuffer payload) {
            messages++;
        }

        @Override
        public void onCloseFrame(int code, String reason) {
            messages++;
        }
    }

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Counter counter = new Counter();
    private final FrameDecoder decoder = new FrameDecoder(1 << 20, true);
    private final MessageAssembler assembler = new MessageAssembler(1 << 20, 1024, counter);

    @Test
    @DisplayName("a binary message of 64 bytes costs at most 128 bytes of garbage, heap and direct")
    void garbagePerMessage() throws ProtocolException {
        byte[] frame = masked(FIN | 2, new byte[64]);
        int messages = 1000;
        for (ByteBuffer wire : new ByteBuffer[] {
                ByteBuffer.allocate(messages * frame.length), ByteBuffer.allocateDirect(messages * frame.length)}) {
            while (wire.hasRemaining()) {
                wire.put(frame);
            }
            allocatedBy(wire.flip());
            // the first pass has unmasked the payload, so the second masks it, which costs the same
            long perMessage = allocatedBy(wire.rewind()) / messages;
            assertTrue(perMessage <= 128, perMessage + " bytes per message");
        }
        assertEquals(4 * messages, counter.messages);
    }

    @Test
    @Shows("Java-WebSocket #1507")
    @DisplayName("Java-WebSocket #1507 a declared length takes no memory: 1 MiB announced, 4 bytes sent")
    void declaredLength() throws ProtocolException {
        allocatedBy(ByteBuffer.wrap(masked(1, "warm")));
        long allocated = allocatedBy(ByteBuffer.wrap(hex("00ff 00000000000ffff0 00000000 41414141")));
        assertTrue(allocated < SLACK, allocated + " bytes");
    }

    @Test
    @DisplayName("the buffer of a 64 KiB message is reused for the next one, that of a larger message is dropped")
    void keptBuffer() throws ProtocolException {
        int kept = 64 << 10;
        fragmented(kept);
        long again = fragmented(kept);
        assertTrue(again < SLACK, again + " bytes for a second message of 64 KiB");
        fragmented(kept + 2);
        long larger = fragmented(kept + 2);
        assertTrue(larger > kept, larger + " bytes for a second larger message");
        assertEquals(4, counter.messages);
    }

    private long fragmented(int length) throws ProtocolException {
        ByteBuffer first = ByteBuffer.wrap(masked(2, new byte[length / 2]));
        ByteBuffer second = ByteBuffer.wrap(masked(FIN, new byte[length / 2]));
        return allocatedBy(first) + allocatedBy(second);
    }

    private long allocatedBy(ByteBuffer wire) throws ProtocolException {
        long before = threads.getCurrentThreadAllocatedBytes();
        decoder.decode(wire, assembler);
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
