package io.iocp4j.websocket;

import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The callbacks of a WebSocket. Those of one WebSocket never overlap. They run on workers of the port, so they must not
 * wait. An exception ends the WebSocket with {@link CloseCode#INTERNAL_ERROR} and is logged. {@code onOpen} is the
 * first call, {@code onClose} the last one.
 */
public non-sealed interface WebSocketListener extends UpgradeAnswer {
    /**
     * Makes the listener of a WebSocket with its own virtual thread. An {@link UpgradeHandler} that examines the
     * request first can return it.
     *
     * @param session the task of the thread
     * @return a listener, for one WebSocket, that starts the thread when it is open
     */
    static WebSocketListener session(WebSocketSession session) {
        return new BlockingReceiver(Objects.requireNonNull(session));
    }

    /**
     * The handshake is done.
     *
     * @param socket open
     * @throws IOException to end the connection
     */
    default void onOpen(WebSocket socket) throws IOException {
    }

    /**
     * A text message.
     *
     * @param socket the receiver
     * @param text whole and valid
     * @throws IOException to end the connection
     */
    default void onText(WebSocket socket, String text) throws IOException {
    }

    /**
     * A binary message.
     *
     * @param socket the receiver
     * @param data whole, lent for the call
     * @throws IOException to end the connection
     */
    default void onBinary(WebSocket socket, ByteBuffer data) throws IOException {
    }

    /**
     * A part of a message, in place of {@code onText} and {@code onBinary} if {@link WebSocketOptions#parts} is on.
     *
     * @param socket the receiver
     * @param text whether the message is text; its parts are UTF-8, which was checked and may be cut inside a character
     * @param part perhaps empty, lent for the call
     * @param last whether the message ends here
     * @throws IOException to end the connection
     */
    default void onPart(WebSocket socket, boolean text, ByteBuffer part, boolean last) throws IOException {
    }

    /**
     * A ping, which the library answers.
     *
     * @param socket the receiver
     * @param payload up to 125 bytes, lent for the call
     * @throws IOException to end the connection
     */
    default void onPing(WebSocket socket, ByteBuffer payload) throws IOException {
    }

    /**
     * A pong that answers {@link WebSocket#ping(ByteBuffer)}, or an unsolicited one. Answers to the heartbeat and to
     * {@link WebSocket#ping()} are not reported.
     *
     * @param socket the receiver
     * @param payload up to 125 bytes, lent for the call
     * @throws IOException to end the connection
     */
    default void onPong(WebSocket socket, ByteBuffer payload) throws IOException {
    }

    /**
     * The queue was above the high-water mark and has fallen to the low-water mark.
     *
     * @param socket may be sent to again
     * @throws IOException to end the connection
     */
    default void onDrain(WebSocket socket) throws IOException {
    }

    /**
     * The WebSocket is over: this side has called {@code close()}, or the peer closed, violated the protocol or was
     * lost. At a client, an opening that failed is reported here too, without {@code onOpen}.
     *
     * @param socket closed; every call on it is harmless
     * @param why how it ended
     */
    default void onClose(WebSocket socket, CloseStatus why) {
    }
}
