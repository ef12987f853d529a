package io.iocp4j.websocket;

import io.iocp4j.core.AnyCall;
import io.iocp4j.core.Faults;
import io.iocp4j.core.SteppedWorld;
import io.iocp4j.core.Stepper;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * A server and some clients, any method of whose WebSockets is called at any time, in callbacks too. Each message says
 * who sent it and as which of its own, so that one that is lost, doubled or in the wrong place is seen.
 */
class SteppedWebSockets extends SteppedWorld {
    /** What needs another face, or is no call: those that wait for messages, those of Iterable. */
    private static final Set<String> EXCEPT = Set.of("receive", "receiveStream", "iterator", "forEach", "spliterator");
    private static final Set<String> ENDS = Set.of("close", "abort");
    /** With any numbers and texts; where another message is being streamed; by a worker. */
    private static final Set<String> REFUSING =
            Set.of("waterMarks", "close", "ping", "outputStream", "writer", "flush");

    private final List<End> ends = new ArrayList<>();
    private final List<CompletableFuture<WebSocket>> openings = new ArrayList<>();
    private WebSocketServer server;
    private AnyCall onWebSocket;
    private boolean handlersThrow;

    /** Thrown by listeners on purpose. */
    private static final class ErrorOnPurpose extends Error {
        private static final long serialVersionUID = 1L;

        ErrorOnPurpose() {
            super("on purpose", null, false, false);
        }
    }

    /** The caller: a thread of the application, or the callbacks of one WebSocket. */
    final class Caller {
        private final int number;
        final SplittableRandom mine;
        private final Map<WebSocket, Integer> sent = new HashMap<>();

        Caller(int number, SplittableRandom mine) {
            this.number = number;
            this.mine = mine;
        }

        void call(WebSocket socket) {
            onWebSocket.call(this, socket, mine);
        }

        String text(WebSocket socket) {
            return number + ":" + (sent.merge(socket, 1, Integer::sum) - 1) + ":" + "x".repeat(mine.nextInt(50));
        }
    }

    /** One end: checks what it is told. */
    final class End implements WebSocketListener {
        private final Caller caller;
        private final boolean ofServer;
        private final Map<String, Integer> due = new HashMap<>();
        WebSocket socket;
        private boolean inside;
        private int callsLeft = callsInCallbacks();
        private int received;
        private CloseStatus told;

        End(boolean ofServer) {
            this.ofServer = ofServer;
            caller = new Caller(100 + ends.size(), random.split());
            ends.add(this);
        }

        boolean isOfServer() {
            return ofServer;
        }

        private void during(String event) {
            check(!inside && socket != null && told == null, event + " out of order: " + this);
            inside = true;
            Stepper.point(event);
            if (callsLeft > 0 && caller.mine.nextInt(4) == 0) {
                callsLeft--;
                caller.call(socket);
            }
            inside = false;
            if (handlersThrow && caller.mine.nextInt(10) == 0) {
                throw new ErrorOnPurpose();
            }
        }

        @Override
        public void onOpen(WebSocket opened) {
            check(socket == null, "opened twice: " + this);
            socket = opened;
            during("onOpen");
        }

        @Override
        public void onText(WebSocket from, String text) {
            received++;
            String[] parts = text.split(":", 3);
            int next = due.merge(parts[0], 1, Integer::sum) - 1;
            check(parts.length == 3 && parts[1].equals("" + next),
                    "from " + parts[0] + " came " + parts[1] + " where " + next + " was due: " + this);
            during("onText");
        }

        @Override
        public void onBinary(WebSocket from, ByteBuffer data) {
            onText(from, StandardCharsets.UTF_8.decode(data).toString());
        }

        @Override
        public void onPing(WebSocket from, ByteBuffer payload) {
            during("onPing");
        }

        @Override
        public void onPong(WebSocket from, ByteBuffer payload) {
            during("onPong");
        }

        @Override
        public void onDrain(WebSocket from) {
            during("onDrain");
        }

        @Override
        public void onClose(WebSocket from, CloseStatus why) {
            check(!inside && told == null, "onClose out of order: " + this);
            boolean broken = why.code() == CloseCode.PROTOCOL_ERROR || why.code() == CloseCode.INVALID_PAYLOAD;
            check(!broken, "the bytes are not what was sent: " + this + " " + why);
            told = why;
        }

        @Override
        public String toString() {
            return socket + " told " + told;
        }
    }

    // ------------------------------------------------------------------ what there is

    @Override
    protected Faults faults() {
        return Faults.none().with(Faults.Kind.EARLY, random.nextDouble()).with(Faults.Kind.REORDER, random.nextInt(2))
                .with(Faults.Kind.PARTIAL_SEND, random.nextDouble())
                .with(Faults.Kind.PARTIAL_RECEIVE, random.nextDouble())
                .with(Faults.Kind.SMALL_WINDOW, random.nextInt(4) == 0 ? 1 : 0)
                .with(Faults.Kind.RESET, random.nextInt(8) == 0 ? 0.01 : 0);
    }

    /** How often callbacks call something themselves. */
    int callsInCallbacks() {
        return 60;
    }

    /** The time limit of an opening. */
    Duration connectTimeout() {
        return Duration.ofSeconds(5);
    }

    TcpOptions drawOptions() {
        int receiveMin = 20 + random.nextInt(300);
        return TcpOptions.defaults().loopback(0).receive(receiveMin, receiveMin + random.nextInt(4_000))
                .lingerTimeout(Duration.ofMillis(random.nextInt(100)));
    }

    private <O extends WebSocketOptions<O>> O with(O options) {
        boolean deflates = random.nextInt(4) == 0;
        return options.closeTimeout(Duration.ofMillis(1 + random.nextInt(100)))
                .deflate(deflates ? Deflate.on().threshold(random.nextInt(100)) : Deflate.off());
    }

    @Override
    protected void begin() throws IOException {
        ends.clear();
        openings.clear();
        handlersThrow = random.nextInt(4) == 0;
        onWebSocket = drawCalls();
        ServerOptions drawn = with(ServerOptions.defaults());
        server = WebSocketServer.listen(serverPort, drawn.tcp(drawOptions()), request -> new End(true));
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            open();
        }
    }

    private void open() {
        URI uri = URI.create("ws://127.0.0.1:" + server.address().getPort() + "/");
        ClientOptions drawn = with(ClientOptions.defaults()).tcp(drawOptions()).connectTimeout(connectTimeout());
        CompletableFuture<WebSocket> opening = WebSocketClient.connectAsync(clientPort, drawn, uri, new End(false));
        openings.add(opening);
        completes(opening);
    }

    private AnyCall drawCalls() {
        return new AnyCall(WebSocket.class, EXCEPT, ENDS, 6).refusing(REFUSING).focus(random).results(this::take)
                .with(String.class, call -> call.name().equals("close") ? "on purpose" : text(call))
                .with(byte[].class, call -> text(call).getBytes(StandardCharsets.UTF_8))
                .with(ByteBuffer.class,
                call -> call.name().equals("ping") ? ByteBuffer.allocate(call.random().nextInt(126))
                        : ByteBuffer.wrap(text(call).getBytes(StandardCharsets.UTF_8)))
                .with(int.class, call -> (call.name().equals("close") ? 4_000 : 0) + call.random().nextInt(900))
                .with(Message.class, call -> call.random().nextBoolean() ? Message.text(text(call))
                        : Message.shared(buffers, text(call)))
                .with(Runnable.class, call -> task((WebSocket) call.target()));
    }

    private static String text(AnyCall.Call call) {
        return ((Caller) call.caller()).text((WebSocket) call.target());
    }

    private Runnable task(WebSocket socket) {
        return () -> {
            End end = ends.stream().filter(each -> each.socket == socket).findFirst().orElseThrow();
            check(!end.inside, "a task inside a callback: " + end);
        };
    }

    /** What a method returned; a message that is streamed is written by who began it. */
    private void take(Object result, AnyCall.Call call) {
        try {
            switch (result) {
                case CompletableFuture<?> future -> completes(future);
                case OutputStream stream -> {
                    try (stream) {
                        stream.write(text(call).getBytes(StandardCharsets.UTF_8));
                    }
                }
                case Writer writer -> {
                    try (writer) {
                        writer.write(text(call));
                    }
                }
                case null, default -> { }
            }
        } catch (IOException e) {
            Stepper.note("the stream ended: " + e);
        }
    }

    @Override
    protected Runnable application(int number) {
        Caller caller = new Caller(number, random.split());
        return () -> {
            Stepper.await(() -> !sockets().isEmpty() || openingsAreDone());
            List<WebSocket> there = sockets();
            if (!there.isEmpty()) {
                caller.call(there.get(caller.mine.nextInt(there.size())));
            }
        };
    }

    /** Those that are there now. */
    List<End> ends() {
        return List.copyOf(ends);
    }

    boolean openingsAreDone() {
        return openings.stream().allMatch(CompletableFuture::isDone);
    }

    private List<WebSocket> sockets() {
        return ends.stream().map(end -> end.socket).filter(socket -> socket != null).toList();
    }

    @Override
    protected void end() {
        sockets().forEach(WebSocket::abort);
        openings.forEach(opening -> opening.cancel(true));
        server.close();
    }

    @Override
    protected void checkEnd() {
        for (End end : ends) {
            check(end.socket == null || end.told != null, "no onClose: " + end);
            check(end.socket == null || end.socket.closed().isDone(), "closed() did not complete: " + end);
        }
        check(server.webSockets() == 0, "the server counts " + server.webSockets());
        check(server.closed().isDone(), "the server's closed() did not complete");
    }

    @Override
    protected String told() {
        return ends.stream().map(end -> (end.told == null ? "-" : end.told.code()) + "/" + end.received)
                .collect(Collectors.joining(" "));
    }
}
