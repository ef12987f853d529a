package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.MessageInflater;
import java.util.zip.Deflater;

/**
 * What this end wants of permessage-deflate (RFC 7692): whether it is spoken at all, what is asked of the peer, and
 * which messages are worth it. Start from {@link #on()} or {@link #off()} and change single values. What was agreed on
 * with one peer is a {@link DeflateAgreement}.
 *
 * <p>The price of context takeover is memory for every connection that has compressed or inflated a message: about
 * 260 KiB outside the heap for sending and 40 KiB for receiving. Without it nothing is kept between messages. A
 * smaller window makes each message larger and costs about twice the time; what it saves is memory at the peer.
 *
 * @param enabled whether the extension is offered by a client, and accepted by a server. Default false
 * @param level how hard to compress, 1 (fastest) to 9, or {@link Deflater#DEFAULT_COMPRESSION}, which is the default
 * @param serverNoContextTakeover a server compresses each message by itself; a client demands that of the server
 *     (section 7.1.1.1). Default false
 * @param clientNoContextTakeover a client compresses each message by itself; a server demands that of the client
 *     (section 7.1.1.2). Default false
 * @param serverMaxWindowBits how far back a server refers at most, as the logarithm to the base 2 of a number of bytes,
 *     8 to 15; a client demands that of the server (section 7.1.2.1). Default 15. All eight are kept to exactly
 * @param clientMaxWindowBits the same for what the client sends (section 7.1.2.2). A server can demand it only of a
 *     client whose offer says that it can be asked; of others it takes 15. Default 15
 * @param threshold messages of fewer bytes go uncompressed, 0 or more: on short ones the work brings little. Default
 *     1,024. Fragments of a message sent as a stream are compressed whatever their length
 * @param maxRatio how many bytes one received byte may become, 1 or more, once a message has inflated to more than
 *     {@link MessageInflater#RATIO_FREE_BYTES}; more fails the connection with 1008. Default 200: texts and tables
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
     * Returns the options that apply when nothing is said.
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
     * Changes how hard to compress.
     *
     * @param value 1 to 9, or {@link Deflater#DEFAULT_COMPRESSION}
     * @return these options with another {@link #level()}
     */
    public Deflate level(int value) {
        return new Deflate(enabled, value, serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits,
            clientMaxWindowBits, threshold, maxRatio);
    }

    /**
     * Changes whether each message stands by itself, for each direction.
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
