package io.iocp4j.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads the frames of a server (RFC 6455 section 5.2), which may arrive in pieces of any size. Messages go to the
 * derived class. A ping must be answered: its pong is {@link #owed()}.
 */
abstract class FrameReader extends Answers {
    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;
    private static final int OTHER_RSV = 0x30;
    private static final int CONTROL_MAX = 125;
    private static final int TWO_BYTES = 126;
    private static final int EIGHT_BYTES = 127;

    /** Bytes of the header so far; the length counts as one of 0 to 8 more. */
    private int headerBytes;
    private int lengthBytes;
    private int first;
    private long left;
    private boolean inMessage;
    private final byte[] control = new byte[CONTROL_MAX];
    private int controlBytes;
    private ByteBuffer owed;

    /** A message begins. */
    abstract void begin(int opcode, boolean compressed) throws IOException;

    /** A part of the message, between position and limit. Need not move the position. */
    abstract void part(ByteBuffer in) throws IOException;

    /** The message ends. Returns the number of answers in it. */
    abstract int end() throws IOException;

    @Override
    final ByteBuffer owed() {
        return owed;
    }

    @Override
    final void paid() {
        owed = null;
    }

    @Override
    final int take(ByteBuffer in) throws IOException {
        int whole = 0;
        int limit = in.limit();
        while (in.position() < limit || isHeaderWhole()) {
            if (!isHeaderWhole()) {
                header(in);
                continue;
            }
            int end = (int) Math.min(limit, in.position() + left);
            left -= end - in.position();
            boolean isControl = (first & 0x08) != 0;
            if (isControl) {
                int part = end - in.position();
                in.get(control, controlBytes, part);
                controlBytes += part;
            } else {
                part(in.limit(end));
                in.limit(limit).position(end);
            }
            if (left > 0) {
                return whole;
            }
            headerBytes = 0;
            if (isControl) {
                control();
            } else if ((first & FIN) != 0) {
                inMessage = false;
                whole += end();
            }
        }
        return whole;
    }

    private boolean isHeaderWhole() {
        return headerBytes >= 2 && lengthBytes == 0;
    }

    private void header(ByteBuffer in) throws IOException {
        int b = in.get() & 0xff;
        if (headerBytes++ == 0) {
            first = b;
        } else if (headerBytes == 2) {
            if (b > 0x7f) {
                throw new WrongAnswerException("the server masks a frame");
            }
            lengthBytes = b == TWO_BYTES ? 2 : b == EIGHT_BYTES ? 8 : 0;
            left = lengthBytes == 0 ? b : 0;
        } else {
            left = left << 8 | b;
            lengthBytes--;
        }
        if (isHeaderWhole()) {
            begin();
        }
    }

    private void begin() throws IOException {
        int opcode = first & 0x0f;
        if ((first & OTHER_RSV) != 0 || left < 0) {
            throw new WrongAnswerException("a frame begins with " + first + " and has " + left + " bytes");
        }
        if (opcode >= 8) {
            if (left > CONTROL_MAX) {
                throw new WrongAnswerException("a control frame of " + left + " bytes");
            }
            controlBytes = 0;
        } else if (inMessage != (opcode == 0)) {
            throw new WrongAnswerException(
                    inMessage ? "a message begins within another" : "a message has no beginning");
        } else if (opcode != 0) {
            inMessage = true;
            begin(opcode, (first & RSV1) != 0);
        }
    }

    private void control() throws IOException {
        switch (first & 0x0f) {
            case Frames.PING -> owed = ByteBuffer.wrap(Frames.masked(Frames.PONG, false,
                    Arrays.copyOf(control, controlBytes)));
            case Frames.PONG -> controlBytes = 0;
            default -> throw new ServerClosedException(controlBytes < 2 ? 1005
                    : (control[0] & 0xff) << 8 | control[1] & 0xff);
        }
    }

    /** Signals that the server has closed the WebSocket with a Close frame. */
    static final class ServerClosedException extends IOException {
        private static final long serialVersionUID = 1;

        ServerClosedException(int code) {
            super("the server closed the WebSocket with " + code);
        }
    }
}
