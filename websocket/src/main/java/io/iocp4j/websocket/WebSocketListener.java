package io.iocp4j.websocket;

import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The application's side of a WebSocket. Callbacks of one WebSocket never overlap; they come from workers of the port,
 * so none may wait. What one throws ends its connection with {@link CloseCode#INTERNAL_ERROR}. {@code onOpen} comes
 * first, {@code onClose} last and once.
 */
public non-sealed interface WebSocketListener extends UpgradeAnswer {
    /**
     * The listener of a WebSocket that has a virtual thread of its own, for an {@link UpgradeHandler} that looks at the
     * request first.
     *
     * @param session what the thread does
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
     * A part of a message, instead of {@code onText} and {@code onBinary} where messages are handed on in parts.
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
     * A ping; it is answered without the application.
     *
     * @param socket the receiver
     * @param payload up to 125 bytes, lent for the call
     * @throws IOException to end the connection
     */
    default void onPing(WebSocket socket, ByteBuffer payload) throws IOException {
    }

    /**
     * A pong that answers {@link WebSocket#ping(ByteBuffer)}, or nothing at all. Those that answer the heartbeat or
     * {@link WebSocket#ping()} do not come here.
     *
     * @param socket the receiver
     * @param payload up to 125 bytes, lent for the call
     * @throws IOException to end the connection
     */
    default void onPong(WebSocket socket, ByteBuffer payload) throws IOException {
    }

    /**
     * The queue, which was above the high-water mark, has gone down to the low-water mark.
     *
     * @param socket may be sent to again
     * @throws IOException to end the connection
     */
    default void onDrain(WebSocket socket) throws IOException {
    }

    /**
     * The WebSocket is over: at once after a {@code close()} of this side, else when the peer closed, broke a rule or
     * was lost.
     *
     * @param socket closed, every call on it is harmless
     * @param why how it ended
     */
    default void onClose(WebSocket socket, CloseStatus why) {
    }
}
