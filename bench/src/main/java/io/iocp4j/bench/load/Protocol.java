package io.iocp4j.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/** How a workload speaks with an echo server: what it sends, and how it opens a connection and reads the answers. */
final class Protocol {
    private static final String ECHO = "/echo";
    private static final String DEFLATE = "permessage-deflate";

    private final List<byte[]> payloads;
    private final List<byte[]> messages;
    private final Workload workload;
    private final SSLContext tls;

    Protocol(Workload workload, int size) throws IOException {
        this.workload = workload;
        tls = workload.kind() == WorkloadKind.TLS_ECHO ? TlsWire.context() : null;
        payloads = switch (workload.kind()) {
            case WS_TEXT -> List.of(Payloads.text(size));
            case WS_DEFLATE -> Payloads.documents(size);
            default -> List.of(Payloads.binary(size));
        };
        messages = payloads.stream().map(frame()).toList();
    }

    private Function<byte[], byte[]> frame() {
        if (!workload.isWebSocket()) {
            return Function.identity();
        }
        return workload.kind() == WorkloadKind.WS_DEFLATE
                ? payload -> Frames.masked(Frames.TEXT, true, Payloads.deflate(payload))
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

    private Answers answers(SocketChannel channel) throws IOException {
        if (!workload.isWebSocket()) {
            return new Answers.Plain(payloads.getFirst());
        }
        if (workload.kind() != WorkloadKind.WS_DEFLATE) {
            Frames.open(channel, ECHO, "");
            return new EchoAnswers(opcode(), payloads.getFirst());
        }
        // each request is compressed only once, so it cannot refer to earlier ones
        String head = Frames.open(channel, ECHO, DEFLATE + "; client_no_context_takeover");
        if (!head.contains(DEFLATE)) {
            throw new WrongAnswerException("the server does not agree on " + DEFLATE);
        }
        return new InflatedAnswers(payloads, head.contains("server_no_context_takeover"));
    }
}
