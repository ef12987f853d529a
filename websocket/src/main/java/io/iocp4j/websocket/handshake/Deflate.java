package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.MessageInflater;
import java.util.zip.Deflater;

/**
 * The options of one end for permessage-deflate (RFC 7692): whether it is used, the demands on the peer, and the
 * messages to compress. Start from {@link #on()} or {@link #off()} and change single values. A {@link DeflateAgreement}
 * holds the result of the negotiation with one peer.
 *
 * <p>Context takeover costs memory for every connection that has compressed or inflated a message: about 260 KiB
 * outside the heap for sending and 40 KiB for receiving. Without it nothing is kept between messages. A smaller window
 * makes each message larger and costs about twice the time, but it saves memory at the peer.
 *
 * @param enabled whether the extension is offered by a client, and accepted by a server. Default false
 * @param level the compression level, 1 (fastest) to 9, or {@link Deflater#DEFAULT_COMPRESSION}, which is the default
 * @param serverNoContextTakeover whether the server compresses each message independently; a client demands that of the
 *     server (section 7.1.1.1). Default false
 * @param clientNoContextTakeover whether the client compresses each message independently; a server demands that of the
 *     client (section 7.1.1.2). Default false
 * @param serverMaxWindowBits the window of the server, as the base-2 logarithm of a number of bytes, 8 to 15: its
 *     references reach at most so far back. A client demands that of the server (section 7.1.2.1). Default 15. This
 *     library observes each of the eight sizes exactly
 * @param clientMaxWindowBits the same for the client (section 7.1.2.2). A server can demand it only if the client's
 *     offer allows that; otherwise 15 applies. Default 15
 * @param threshold messages of fewer bytes are sent uncompressed, 0 or more, because compressing short messages saves
 *     little. Default 1,024. Fragments of a message sent as a stream are compressed whatever their length
 * @param maxRatio the most bytes that one received byte may inflate to, 1 or more, once a message has inflated to more
 *     than {@link MessageInflater#RATIO_FREE_BYTES}; more fails the connection with 1008. Default 200: texts and tables
 *     reach 5 to 60, bombs 1,000, and 1,032 is the most that the format can express. Test data of one repeated word is
 *     as dense as a bomb
 */
public record Deflate(boolean enabled, int level, boolean serverNoContextTakeover, boolean clientNoContextTakeover,
                      int serverMaxWindowBits, int clientMaxWindowBits, int threshold, int maxRatio) {
    private static final int WINDOW_BITS_MAX = MessageDeflater.WINDOW_BITS_MAX;

    private static final Deflate ON =
        new Deflate(true, Deflater.DEFAULT_COMPRESSION, false, false, WINDOW_BITS_MAX, WINDOW_BITS_MAX, 1024, 200);
    private static final Deflate OFF =
        new Deflate(false, ON.level, false, false, WINDOW_BITS_MAX, WINDOW_BITS_MAX, ON.threshold, ON.maxRatio);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException when a value is out of its range
     */
    public Deflate {
        MessageDeflater.requireLevel(level);
        MessageDeflater.requireWindowBits("serverMaxWindowBits", serverMaxWindowBits);
        MessageDeflater.requireWindowBits("clientMaxWindowBits", clientMaxWindowBits);
        requireAtLeast("threshold", threshold, 0);
        requireAtLeast("maxRatio", maxRatio, 1);
    }

    /**
     * Returns the default options.
     *
     * @return not enabled; the default of every other component
     */
    public static Deflate off() {
        return OFF;
    }

    /**
     * Returns options to compress with.
     *
     * @return enabled; the default of every other component
     */
    public static Deflate on() {
        return ON;
    }

    /**
     * Changes the compression level.
     *
     * @param value 1 to 9, or {@link Deflater#DEFAULT_COMPRESSION}
     * @return these options with another {@link #level()}
     */
    public Deflate level(int value) {
        return new Deflate(enabled, value, serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits,
            clientMaxWindowBits, threshold, maxRatio);
    }

    /**
     * Changes whether each message is compressed independently, for each direction.
     *
     * @param server for what the server sends
     * @param client for what the client sends
     * @return these options with another {@link #serverNoContextTakeover()} and {@link #clientNoContextTakeover()}
     */
    public Deflate noContextTakeover(boolean server, boolean client) {
        return new Deflate(enabled, level, server, client, serverMaxWindowBits, clientMaxWindowBits, threshold,
            maxRatio);
    }

    /**
     * Changes the windows.
     *
     * @param server for what the server sends, 8 to 15
     * @param client for what the client sends, 8 to 15
     * @return these options with another {@link #serverMaxWindowBits()} and {@link #clientMaxWindowBits()}
     */
    public Deflate maxWindowBits(int server, int client) {
        return new Deflate(enabled, level, serverNoContextTakeover, clientNoContextTakeover, server, client, threshold,
            maxRatio);
    }

    /**
     * Changes which messages are compressed.
     *
     * @param bytes the length of the shortest, 0 or more
     * @return these options with another {@link #threshold()}
     */
    public Deflate threshold(int bytes) {
        return new Deflate(enabled, level, serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits,
            clientMaxWindowBits, bytes, maxRatio);
    }

    /**
     * Changes the guard against bombs.
     *
     * @param value bytes out for a byte in, 1 or more
     * @return these options with another {@link #maxRatio()}
     */
    public Deflate maxRatio(int value) {
        return new Deflate(enabled, level, serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits,
            clientMaxWindowBits, threshold, value);
    }

    private static void requireAtLeast(String name, int value, int smallest) {
        if (value < smallest) {
            throw new IllegalArgumentException(name + " is " + value + ", smallest is " + smallest);
        }
    }
}
