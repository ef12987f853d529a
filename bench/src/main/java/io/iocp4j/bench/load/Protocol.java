package io.iocp4j.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/** The protocol of a workload with an echo server: the requests, the opening of a connection, and the answers. */
final class Protocol {
    private static final String ECHO = "/echo";
    private static final String DEFLATE = "permessage-deflate";

    /** The value of the parameter of idle with which no context is kept. */
    private static final int IDLE_WITHOUT_CONTEXT = 2;

    /** The parameter of idle; 0 in all other workloads. */
    private final int deflate;
    private final boolean compressed;
    private final List<byte[]> payloads;
    private final List<byte[]> messages;
    private final Workload workload;
    private final SSLContext tls;

    Protocol(Workload workload, int size) throws IOException {
        this.workload = workload;
        tls = workload.kind() == WorkloadKind.TLS_ECHO ? TlsWire.context() : null;
        deflate = workload.kind() == WorkloadKind.IDLE ? workload.number("deflate") : 0;
        compressed = workload.kind() == WorkloadKind.WS_DEFLATE || deflate >= IDLE_WITHOUT_CONTEXT;
        payloads = compressed ? documents(size) : workload.kind() == WorkloadKind.WS_TEXT
                ? List.of(Payloads.text(size)) : List.of(Payloads.binary(size));
        messages = payloads.stream().map(frame()).toList();
    }

    private List<byte[]> documents(int size) {
        List<byte[]> documents = Payloads.documents(size);
        return deflate == IDLE_WITHOUT_CONTEXT ? documents.subList(0, 1) : documents;
    }

    /** How many messages make a cycle. */
    int cycle() {
        return messages.size();
    }

    private Function<byte[], byte[]> frame() {
        if (!workload.isWebSocket()) {
            return Function.identity();
        }
        return compressed ? payload -> Frames.masked(Frames.TEXT, true, Payloads.deflate(payload))
                : payload -> Frames.masked(opcode(), false, payload);
    }

    private int opcode() {
        return workload.kind() == WorkloadKind.WS_TEXT ? Frames.TEXT : Frames.BINARY;
    }

    /** The stream that all connections send. */
    Requests requests(int together) {
        return new Requests(messages, together);
    }

    /** Opens a connection, which blocks. */
    Connection open(InetSocketAddress address, Requests requests, int inFlight) throws IOException {
        SocketChannel channel = Wire.connect(address);
        boolean opened = false;
        try {
            Answers answers = answers(channel);
            Wire wire = tls == null ? new Wire(channel) : new TlsWire(channel, tls);
            opened = true;
            return new Connection(wire, requests, answers, inFlight);
        } finally {
            if (!opened) {
                channel.close();
            }
        }
    }

    /** Each request is compressed only once, so it never refers to earlier ones, whatever is agreed on. */
    private String offer() {
        return switch (workload.kind()) {
            case IDLE -> deflate == IDLE_WITHOUT_CONTEXT
                    ? DEFLATE + "; client_no_context_takeover; server_no_context_takeover" : DEFLATE;
            default -> DEFLATE + "; client_no_context_takeover";
        };
    }

    private Answers answers(SocketChannel channel) throws IOException {
        if (!workload.isWebSocket()) {
            return new Answers.Plain(payloads.getFirst());
        }
        if (!compressed && deflate == 0) {
            Frames.open(channel, ECHO, "");
            return new EchoAnswers(opcode(), payloads.getFirst());
        }
        String head = Frames.open(channel, ECHO, offer());
        if (!head.contains(DEFLATE)) {
            throw new WrongAnswerException("the server does not agree on " + DEFLATE);
        }
        if (!compressed) {
            return new EchoAnswers(opcode(), payloads.getFirst());
        }
        return new InflatedAnswers(payloads, head.contains("server_no_context_takeover"));
    }
}
