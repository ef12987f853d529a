package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One end of a WebSocket in a {@link WebSocketScenario}: does what its random numbers say, in callbacks and as a thread
 * of the application, writes down what it sent and was told, and checks what must hold at any time.
 */
final class ScriptedSocket implements WebSocketListener {
    /** What an end may do. */
    enum Act {
        TEXT(true), BINARY(true), ASYNC(true), SHARED(true), SEND_DROPPING(true), PING(true), PONGED_PING(true),
                STREAM(true), PAUSE(true),
        CLOSE(true), CLOSE_FROM_OUTSIDE(true), THROW(false), ABORT(false);

        final boolean harmless;

        Act(boolean harmless) {
            this.harmless = harmless;
        }
    }

    /** A message as both ends see it; the bytes of a stream are added while it is written. */
    static final class Sent {
        final boolean text;
        final StringBuilder content = new StringBuilder();
        boolean complete;

        Sent(boolean text, String content, boolean complete) {
            this.text = text;
            this.content.append(content);
            this.complete = complete;
        }

        @Override
        public String toString() {
            return (text ? "text " : "binary ") + content.length() + ":"
                    + content.substring(0, Math.min(20, content.length()));
        }
    }

    private static final long SOON = 50_000_000L;

    private final WebSocketScenario scenario;
    private final String name;
    private final SplittableRandom random;
    private int actsLeft;
    private boolean busy;

    WebSocketConnection socket;
    final List<Sent> sent = new ArrayList<>();
    final List<Sent> received = new ArrayList<>();
    CloseStatus told;
    private Sent arriving;
    private boolean paused;
    private Sent streamed;
    private OutputStream stream;
    boolean threw;
    boolean aborted;

    ScriptedSocket(WebSocketScenario scenario, String name, SplittableRandom random) {
        this.scenario = scenario;
        this.name = name;
        this.random = random;
        this.actsLeft = random.nextInt(30);
    }

    // ------------------------------------------------------------------ what it is told

    @Override
    public void onOpen(WebSocket opened) {
        enter("onOpen");
        check(socket == null, "opened twice");
        socket = (WebSocketConnection) opened;
        socket.waterMarks(random.nextInt(100), 100 + random.nextInt(2000));
        actLater();
        actNow();
        busy = false;
    }

    @Override
    public void onText(WebSocket from, String text) {
        enter("onText");
        receive(new Sent(true, text, true));
    }

    @Override
    public void onBinary(WebSocket from, ByteBuffer data) {
        enter("onBinary");
        receive(new Sent(false, latin(data), true));
    }

    @Override
    public void onPart(WebSocket from, boolean text, ByteBuffer part, boolean last) {
        enter("onPart");
        arriving = arriving == null ? new Sent(text, "", false) : arriving;
        check(arriving.text == text, "the type changes inside a message");
        arriving.content.append(latin(part));
        if (!last) {
            busy = false;
            return;
        }
        Sent whole = arriving;
        arriving = null;
        byte[] bytes = whole.content.toString().getBytes(StandardCharsets.ISO_8859_1);
        receive(text ? new Sent(true, new String(bytes, StandardCharsets.UTF_8), true) : whole);
    }

    private void receive(Sent message) {
        check(!paused, "a message in a pause");
        received.add(message);
        busy = false;
        if (random.nextInt(3) == 0) {
            actNow();
        }
    }

    @Override
    public void onPong(WebSocket from, ByteBuffer payload) {
        enter("onPong");
        busy = false;
    }

    @Override
    public void onDrain(WebSocket from) {
        enter("onDrain");
        busy = false;
        if (random.nextBoolean()) {
            actNow();
        }
    }

    @Override
    public void onClose(WebSocket closed, CloseStatus why) {
        enter("onClose");
        told = why;
        check(closed.state() != WebSocket.State.OPEN, "open inside onClose");
        busy = false;
    }

    private void enter(String callback) {
        scenario.world().log(name, callback);
        check(!busy, callback, "inside another callback");
        check(told == null, callback, "after onClose");
        check(callback.equals("onOpen") == (socket == null), callback, "in the wrong order");
        busy = true;
    }

    // ------------------------------------------------------------------ what it does

    private void actLater() {
        scenario.world().later(random.nextLong(SOON), () -> {
            act();
            if (actsLeft-- > 0) {
                actLater();
            } else {
                endScript();
            }
        });
    }

    /** What a script leaves open has an end too, so that harmless runs come to theirs. */
    private void endScript() {
        scenario.world().later(random.nextLong(4 * SOON), () -> {
            endStream();
            resume();
            if (scenario.isHarmless() || random.nextBoolean()) {
                close();
            }
        });
    }

    private void actNow() {
        for (int i = random.nextInt(3); i > 0; i--) {
            act();
        }
    }

    private void act() {
        Act act = scenario.drawAct(random);
        scenario.world().log(name, act);
        switch (act) {
            case TEXT -> {
                String text = text();
                record(true, text, () -> socket.trySend(text));
            }
            case BINARY -> {
                ByteBuffer data = bytes();
                record(false, latin(data), () -> socket.trySend(data));
            }
            case ASYNC -> async();
            case SHARED -> shared();
            case SEND_DROPPING -> sendDropping();
            case PING -> socket.ping(ByteBuffer.allocate(random.nextInt(126)));
            case PONGED_PING -> socket.ping().whenComplete((roundTrip, thrown) ->
                    check(thrown == null ? !roundTrip.isNegative() : !socket.isOpen()
                            || thrown.getMessage().contains("64"), thrown));
            case STREAM -> stream();
            case PAUSE -> pause();
            case CLOSE -> {
                if (random.nextInt(12) == 0) {
                    close();
                }
            }
            case CLOSE_FROM_OUTSIDE -> {
                if (random.nextInt(12) == 0) {
                    scenario.world().later(random.nextLong(SOON), this::close);
                }
            }
            case THROW -> {
                if (busy && random.nextInt(12) == 0) {
                    threw = true;
                    busy = false;
                    throw new IllegalStateException("thrown on purpose");
                }
            }
            case ABORT -> {
                if (random.nextInt(12) == 0) {
                    aborted = true;
                    socket.abort();
                }
            }
        }
    }

    /** Notes the message before it is sent, and takes it back if the WebSocket was not open. */
    private void record(boolean text, String content, Runnable send) {
        if (socket.isOpen()) {
            sent.add(new Sent(text, content, true));
            send.run();
        } else {
            send.run();
        }
    }

    private void async() {
        Message message = Message.text(text());
        boolean open = socket.isOpen();
        if (open) {
            sent.add(new Sent(true, message.text(), true));
        }
        socket.sendAsync(message)
                .whenComplete((nothing, thrown) -> check(open || thrown != null, "sent by a closed WebSocket"));
    }

    private void shared() {
        SharedMessage shared = Message.shared(scenario.buffers(), text());
        scenario.everybody().forEach(other -> {
            if (other.socket != null) {
                other.record(true, shared.text(), () -> other.socket.trySend(shared));
            }
        });
        shared.release();
    }

    private void sendDropping() {
        String text = text();
        long dropped = socket.messagesDropped();
        try {
            socket.send(text);
            if (socket.messagesDropped() == dropped) {
                sent.add(new Sent(true, text, true));
            }
        } catch (IOException e) {
            check(!socket.isOpen(), "send threw", e);
        }
    }

    private void stream() {
        try {
            if (stream != null) {
                if (random.nextInt(3) == 0) {
                    endStream();
                } else {
                    write();
                }
            } else if (socket.isOpen()) {
                streamed = new Sent(false, "", false);
                stream = socket.outputStream();
                sent.add(streamed);
                write();
            }
        } catch (IOException e) {
            check(!socket.isOpen(), "stream threw", e);
        }
    }

    private void write() throws IOException {
        byte[] data = new byte[bytes().remaining()];
        random.nextBytes(data);
        stream.write(data);
        streamed.content.append(latin(ByteBuffer.wrap(data)));
        if (random.nextBoolean()) {
            stream.flush();
        }
    }

    private void endStream() {
        if (stream != null) {
            try {
                stream.close();
                streamed.complete = true;
            } catch (IOException e) {
                check(!socket.isOpen(), "the end of a stream threw", e);
            }
            stream = null;
        }
    }

    private void pause() {
        paused = true;
        socket.pause();
        scenario.world().later(random.nextLong(4 * SOON), this::resume);
    }

    private void resume() {
        paused = false;
        socket.resume();
    }

    private void close() {
        int code = 4000 + random.nextInt(999);
        socket.close(code, "by " + name);
    }

    private String text() {
        String letters = "aßκ😀";
        return letters.repeat(random.nextInt(scenario.sizeMax()) / 4) + random.nextInt();
    }

    private ByteBuffer bytes() {
        byte[] data = new byte[random.nextInt(scenario.sizeMax())];
        random.nextBytes(data);
        return ByteBuffer.wrap(data);
    }

    private static String latin(ByteBuffer data) {
        return new String(WireBytes.remaining(data), StandardCharsets.ISO_8859_1);
    }

    // ------------------------------------------------------------------ what must be true at the end

    /** The other end is null if the handshake was not finished there. */
    void checkEnd(ScriptedSocket other) {
        if (socket == null) {
            check(told == null, "onClose without onOpen");
            return;
        }
        check(told != null, "no onClose");
        check(socket.state() == WebSocket.State.CLOSED, "in state", socket.state());
        check(socket.closed().isDone(), "closed() did not complete");
        check(socket.bufferedAmount() == 0 || !socket.closed().join().clean(), "clean with", socket.bufferedAmount(),
                "bytes left");
        if (told == null || other == null || other.told == null) {
            return;
        }
        CloseStatus last = socket.closed().join();
        check(last.code() == told.code() && last.reason().equals(told.reason()), "told", told, "and ended", last);
        boolean mine = last.initiator() == Initiator.LOCAL;
        if (last.clean()) {
            check(other.told.code() == last.code() || mine && other.told.initiator() == Initiator.LOCAL,
                    "clean, but told", told,
                    "and the other", other.told);
        }
        if (!mine && last.code() != CloseCode.ABNORMAL) {
            check(other.told.initiator() == Initiator.LOCAL && other.told.code() == last.code(), "the peer's code",
                    told, other.told);
        }
        check(received.size() <= other.sent.size(), "received", received.size(), "of", other.sent.size());
        for (int i = 0; i < Math.min(received.size(), other.sent.size()); i++) {
            Sent from = other.sent.get(i);
            check(from.complete, "an unfinished message was delivered");
            check(from.text == received.get(i).text && from.content.compareTo(received.get(i).content) == 0, "message",
                    i, "is",
                    received.get(i), "instead of", from);
        }
        if (scenario.isHarmless()) {
            check(last.clean(), "not clean:", last);
            if (!mine) {
                long whole = other.sent.stream().takeWhile(message -> message.complete).count();
                check(received.size() == whole, "received", received.size(), "of", whole,
                        "messages before the peer's Close");
            }
        }
    }

    private void check(boolean condition, Object... what) {
        Object[] named = new Object[what.length + 1];
        named[0] = name;
        System.arraycopy(what, 0, named, 1, what.length);
        scenario.check(condition, named);
    }
}
