package io.iocp4j.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** A server and some clients, any method of which is called at any time, in callbacks too. */
class SteppedTcp extends SteppedWorld {
    private static final int CALLS_IN_CALLBACKS_MAX = 80;
    private static final int PIECE_MAX = 300;

    private TcpServer server;
    private boolean handlersThrow;
    private boolean secure;
    private final List<End> ends = new ArrayList<>();
    private AnyCall onConnection;
    private AnyCall onServer;

    /** Thrown by handlers on purpose. */
    private static final class ErrorOnPurpose extends Error {
        private static final long serialVersionUID = 1L;

        ErrorOnPurpose() {
            super("on purpose", null, false, false);
        }
    }

    /** The caller: a thread of the application, or the callbacks of one connection. */
    private final class Caller {
        private final int number;
        private final SplittableRandom mine;
        private final Map<TcpConnection, Records.Sender> senders = new HashMap<>();

        Caller(int number, SplittableRandom mine) {
            this.number = number;
            this.mine = mine;
        }

        void call(TcpConnection connection) {
            Records.Sender sender = sender(connection);
            int before = sender.next();
            if (!onConnection.call(this, connection, mine)) {
                // then nothing of it was taken, or nothing is taken any more
                sender.next(before);
            }
        }

        ByteBuffer piece(TcpConnection connection) {
            return sender(connection).piece(mine, PIECE_MAX);
        }

        private Records.Sender sender(TcpConnection connection) {
            return senders.computeIfAbsent(connection, first -> new Records.Sender(number));
        }
    }

    /** One end of a connection: checks what it is told. */
    private final class End implements TcpHandler {
        private final Caller caller;
        private final Records records = new Records();
        private TcpConnection connection;
        private int callsLeft = CALLS_IN_CALLBACKS_MAX;
        private boolean inside;
        private boolean opened;
        private boolean ended;
        private CloseInfo told;
        private CloseInfo freed;
        private long received;

        End() {
            caller = new Caller(100 + ends.size() % 20, random.split());
            ends.add(this);
        }

        void begin(TcpConnection made) {
            connection = made;
            made.closed().thenAccept(why -> {
                check(told != null && freed == null, "freed once, behind onClose: " + this);
                freed = why;
            });
        }

        private void during(String event, boolean allowed) {
            check(!inside, event + " inside another callback: " + this);
            inside = true;
            check(allowed && told == null, event + " out of order: " + this);
            try {
                Stepper.point(event);
                if (callsLeft > 0 && caller.mine.nextInt(4) == 0) {
                    callsLeft--;
                    caller.call(connection);
                }
            } finally {
                inside = false;
            }
            if (handlersThrow && caller.mine.nextInt(10) == 0) {
                throw new ErrorOnPurpose();
            }
        }

        @Override
        public void onOpen(TcpConnection c) {
            if (connection == null) {
                begin(c);
            }
            boolean first = !opened;
            opened = true;
            during("onOpen", first);
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            received += data.remaining();
            String wrong = records.check(data);
            check(wrong == null, wrong + ": " + this);
            during("onData", opened && !ended);
        }

        @Override
        public void onDrain(TcpConnection c) {
            during("onDrain", opened);
        }

        @Override
        public void onEnd(TcpConnection c) {
            boolean first = !ended;
            ended = true;
            during("onEnd", opened && first);
        }

        @Override
        public void onTimeout(TcpConnection c) {
            during("onTimeout", opened);
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            check(!inside, "onClose inside another callback: " + this);
            check(told == null, "onClose twice: " + this);
            boolean onPurpose = why.cause() == null || "on purpose".equals(why.cause().getMessage());
            check(onPurpose || why.error() != IoError.HANDLER_FAILED, "failed by itself: " + this + " " + why.cause());
            told = why;
        }

        void checkEnd() {
            check(told != null, "no onClose: " + this);
            check(freed != null, "closed() did not complete: " + this);
            ends.stream().filter(this::isPeer).forEach(peer -> {
                long sent = peer.connection.bytesWritten();
                check(received <= sent, received + " bytes came of " + sent + ": " + this);
                long lost = peer.freed == null ? 0 : peer.freed.bytesLost();
                check(!ended || received + lost >= sent,
                        "ended with " + received + " bytes of " + sent + ", lost " + lost + ": " + this);
            });
        }

        private boolean isPeer(End other) {
            return other != this && connection.local() != null && other.connection != null
                    && connection.local().equals(other.connection.remote()) && connection.remote()
                    .equals(other.connection.local());
        }

        @Override
        public String toString() {
            return connection + " told " + told + " freed " + freed;
        }
    }

    // ------------------------------------------------------------------ the run

    @Override
    protected Faults faults() {
        return Faults.none().with(Faults.Kind.EARLY, random.nextDouble()).with(Faults.Kind.REORDER, random.nextInt(2))
                .with(Faults.Kind.PARTIAL_SEND, random.nextDouble()).with(Faults.Kind.SMALL_WINDOW, random.nextInt(2))
                .with(Faults.Kind.RESET, random.nextInt(4) == 0 ? 0.02 : 0).with(Faults.Kind.LATE, random.nextDouble());
    }

    private TcpOptions drawOptions() {
        int receiveMin = 1 + random.nextInt(600);
        int low = random.nextBoolean() ? 0 : random.nextInt(200);
        return TcpOptions.defaults().loopback(0).receive(receiveMin, receiveMin + random.nextInt(4_000))
                .waterMarks(low, low + random.nextInt(1_000)).allowHalfOpen(random.nextBoolean())
                .lingerTimeout(Duration.ofMillis(random.nextInt(150)))
                .maxSendQueue(random.nextInt(4) == 0 ? 2_000 : 1 << 20);
    }

    @Override
    protected void begin() throws IOException {
        ends.clear();
        handlersThrow = random.nextInt(4) == 0;
        secure = random.nextInt(10) == 0;
        onConnection = drawCalls();
        onServer = TcpCalls.onServer(this::completes);
        TcpOptions forServer = secure ? drawOptions().tls(TestKeys.LOCALHOST.context()) : drawOptions();
        server = TcpServer.listen(serverPort, forServer, connection -> {
            End end = new End();
            end.begin(connection);
            return end;
        });
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            End end = new End();
            TcpOptions forClient = secure ? drawOptions().tls(TestKeys.trusting()) : drawOptions();
            end.begin(TcpClient.connect(clientPort, forClient, server.address(), end));
        }
        if (random.nextInt(4) == 0) {
            End left = new End();
            End right = new End();
            TcpPair pair = TcpPair.open(clientPort, drawOptions(), left, right);
            left.begin(pair.left());
            right.begin(pair.right());
        }
    }

    @Override
    protected Runnable application(int number) {
        Caller caller = new Caller(number, random.split());
        return () -> {
            List<End> there = ends.stream().filter(end -> end.connection != null).toList();
            if (caller.mine.nextInt(12) == 0) {
                onServer.call(caller, server, caller.mine);
            } else {
                caller.call(there.get(caller.mine.nextInt(there.size())).connection);
            }
        };
    }

    private AnyCall drawCalls() {
        return TcpCalls.onConnection(this::completes).focus(random)
                .with(ByteBuffer.class,
                call -> call.name().equals("write") ? Records.filling(call.random().nextInt(PIECE_MAX))
                        : piece(call))
                .with(byte[].class, call -> Records.filling(call.random().nextInt(PIECE_MAX)).array())
                .with(String.class, call -> "\u007f".repeat(call.random().nextInt(PIECE_MAX)))
                .with(PooledBuffer.class, call -> shared(piece(call)))
                .with(Runnable.class, call -> task((TcpConnection) call.target()));
    }

    private static ByteBuffer piece(AnyCall.Call call) {
        return ((Caller) call.caller()).piece((TcpConnection) call.target());
    }

    private PooledBuffer shared(ByteBuffer piece) {
        PooledBuffer shared = Stepper.inOneStep(() -> buffers.acquire(piece.remaining()));
        shared.buffer().put(piece).flip();
        return shared;
    }

    private Runnable task(TcpConnection connection) {
        return () -> {
            End end = ends.stream().filter(each -> each.connection == connection).findFirst().orElseThrow();
            check(end.told == null && !end.inside, "a task inside a callback, or after onClose: " + end);
        };
    }

    @Override
    protected void end() {
        List<End> there = ends.stream().filter(end -> end.connection != null).toList();
        there.stream().filter(end -> end.connection.bufferedAmount() == 0)
                .forEach(end -> check(!end.connection.awaitsDrain() || end.told != null,
                "was not told that it may send again: " + end));
        there.forEach(end -> end.connection.abort());
        server.close();
    }

    @Override
    protected void checkEnd() {
        ends.forEach(End::checkEnd);
        check(server.connections() == 0, "the server counts " + server.connections());
        check(server.closed().isDone(), "the server's closed() did not complete");
    }

    @Override
    protected String told() {
        return ends.stream().map(end -> end.told.error() + "/" + end.received).collect(Collectors.joining(" "));
    }
}
