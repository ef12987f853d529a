package io.iocp4j.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests for a large body over HTTP/1.1, one after the other on each connection. The server must declare the length
 * of the body, which consists of letters x. A duration is from the request to the last byte of the body.
 */
final class FileLoad extends Load {
    private static final int HEAD_MAX = 8 << 10;
    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d{1,18})\r\n");

    private final long size;
    private final ByteBuffer request;
    private final List<Download> downloads = new ArrayList<>();
    private int waiting;
    private boolean stopping;

    FileLoad(Workload workload, InetSocketAddress address) throws IOException {
        super(workload, address);
        size = workload.get("size");
        request = ByteBuffer.wrap(("GET /file?size=" + size + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    int open() throws IOException {
        for (int i = 0; i < workload.number("connections"); i++) {
            Download download = new Download();
            download.connect();
            downloads.add(download);
        }
        return downloads.size();
    }

    @Override
    void run(long start, long nanos) {
        waiting = 0;
        stopping = false;
        for (Download download : downloads) {
            download.begin();
        }
        long end = start + nanos;
        lookWhile(start, end, () -> waiting > 0);
        stopping = true;
        lookWhile(end, end + DRAIN_NANOS, () -> waiting > 0);
        for (Download download : downloads) {
            if (download.isUnderWay) {
                download.lose("a body did not end in time");
            }
        }
    }

    @Override
    void ready(SelectionKey key) {
        ((Download) key.attachment()).receive();
    }

    private final class Download {
        private Wire wire;
        private boolean isUnderWay;
        private final StringBuilder head = new StringBuilder();
        private boolean inBody;
        private long left;
        private long begin;

        void connect() throws IOException {
            wire = new Wire(Wire.connect(address));
            wire.channel.configureBlocking(false);
            wire.channel.register(selector, SelectionKey.OP_READ, this);
        }

        /** Begins a run. It reconnects if necessary, because servers end idle connections. */
        void begin() {
            try {
                if (!wire.channel.isOpen()) {
                    connect();
                }
                isUnderWay = true;
                waiting++;
                request();
            } catch (IOException e) {
                lose("no request: " + e);
            }
        }

        private void request() throws IOException {
            begin = System.nanoTime();
            head.setLength(0);
            inBody = false;
            if (!wire.write(request.rewind())) {
                throw new IOException("no room for a request");
            }
        }

        void receive() {
            try {
                wire.read(in);
                if (!isUnderWay) {
                    throw new WrongAnswerException("bytes without a request");
                }
                if (inBody || head()) {
                    body();
                }
            } catch (IOException e) {
                lose(e.toString());
            }
        }

        /** Reads the head; true if a part of the body, or its end, follows in the buffer. */
        private boolean head() throws IOException {
            while (in.hasRemaining() && !endsHead()) {
                head.append((char) (in.get() & 0xff));
            }
            if (head.length() > HEAD_MAX) {
                throw new WrongAnswerException("a head of more than " + HEAD_MAX + " bytes");
            }
            if (!endsHead()) {
                return false;
            }
            Matcher length = LENGTH.matcher(head.toString().toLowerCase(Locale.ROOT));
            if (!head.toString().startsWith("HTTP/1.1 200 ") || !length.find()
                    || Long.parseLong(length.group(1)) != size) {
                throw new WrongAnswerException("no answer with a Content-Length of " + size + ": "
                        + head.toString().lines().findFirst().orElse("nothing"));
            }
            inBody = true;
            left = size;
            return true;
        }

        private boolean endsHead() {
            int length = head.length();
            return length >= 4 && head.charAt(length - 1) == '\n' && head.charAt(length - 2) == '\r'
                    && head.charAt(length - 3) == '\n' && head.charAt(length - 4) == '\r';
        }

        private void body() throws IOException {
            int part = in.remaining();
            if (part > left) {
                throw new WrongAnswerException("a body of more than " + size + " bytes");
            }
            if (part > 0 && (in.get(in.position()) != 'x' || in.get(in.limit() - 1) != 'x')) {
                throw new WrongAnswerException("a body that is not made of the letter x");
            }
            left -= part;
            if (left > 0) {
                return;
            }
            tally.arrived(1, size);
            tally.latency.record(System.nanoTime() - begin);
            if (stopping) {
                isUnderWay = false;
                waiting--;
            } else {
                request();
            }
        }

        /** Ends the connection. The loss of an idle connection is not a failure. */
        void lose(String why) {
            if (isUnderWay) {
                isUnderWay = false;
                waiting--;
                tally.failed(1, why);
            }
            wire.close();
        }
    }
}
