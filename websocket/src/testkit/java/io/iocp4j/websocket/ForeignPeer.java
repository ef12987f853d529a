package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Other people's WebSocket in a process of its own, see the scripts in {@code interop}. A client obeys the lines that
 * it reads: {@code say TEXT}, {@code text LENGTH} and {@code binary LENGTH} (of {@link #numbers}), {@code fragments
 * LENGTH COUNT}, {@code ping TEXT}, {@code close CODE REASON}, {@code vanish}. A server echoes, but obeys a text that
 * begins with {@link #COMMAND}. Both tell what happens in lines that are numbered from 1: {@code listening PORT},
 * {@code open EXTENSIONS}, {@code text LENGTH SHA1}, {@code binary LENGTH SHA1}, {@code pong TEXT}, {@code closed CODE
 * REASON}.
 */
final class ForeignPeer implements AutoCloseable {
    /** Makes a text message a command for a server. */
    static final String COMMAND = "command: ";

    private static final Path INTEROP = Path.of("interop");
    private static final Path NODE_MODULES = Path.of("target", "interop", "node_modules");
    /** The one of the system, whatever python3 is first on the path, because the system's packages are for that. */
    private static final String PYTHON = "/usr/bin/python3";
    private static final Path PYTHON_MODULES = Path.of("/usr/lib/python3/dist-packages");
    /** For an answer of the other program; it deflates 16 MiB in one go, and hears no ping meanwhile. */
    static final Duration LIMIT = Duration.ofSeconds(60);
    /** The longest message. */
    static final int LARGEST = 16 << 20;
    /** Around every step of the header's length field, and what takes long. */
    static final int[] LENGTHS = {0, 1, 125, 126, 65_535, 65_536, 1 << 20, LARGEST};
    static final Limits LIMITS = Limits.defaults().maxFrame(LARGEST).maxMessage(LARGEST);
    private static final byte[] NUMBERS = allNumbers();

    private final ChildProcess process;
    private int events;

    private ForeignPeer(String mode, String program, String script, String... arguments) throws IOException {
        Installed.require(program);
        ProcessBuilder builder = new ProcessBuilder(program, INTEROP.resolve(script).toString(), mode);
        builder.command().addAll(List.of(arguments));
        builder.environment().put("NODE_PATH", NODE_MODULES.toString());
        process = ChildProcess.start(program.replaceAll(".*/", "") + "-" + mode + "-" + arguments[0], builder);
    }

    /** Node's ws: a client with the kind of deflate and the address, or a server with the kind of deflate. */
    static ForeignPeer node(String mode, String... arguments) throws IOException {
        Installed.requireFile(NODE_MODULES.resolve("ws"), "websocket/interop/install");
        return new ForeignPeer(mode, "node", "node-peer.cjs", arguments);
    }

    /** Debian's python3-websockets, with the same arguments. */
    static ForeignPeer python(String mode, String... arguments) throws IOException {
        Installed.requireFile(PYTHON_MODULES.resolve("websockets"), "apt-get install python3-websockets");
        return new ForeignPeer(mode, PYTHON, "python_peer.py", arguments);
    }

    void tell(String command) throws IOException {
        process.type((command + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The next event; what else the program prints comes before it. */
    String next() throws InterruptedException {
        events++;
        String line = process.awaitLine("^" + events + " ", LIMIT).text();
        return line.substring(line.indexOf(' ') + 1);
    }

    /** The next event is this one. */
    void expect(String event) throws InterruptedException {
        assertEquals(event, next());
    }

    /** The event that tells of such a message. */
    static String text(String text) {
        return message("text", text.getBytes(StandardCharsets.UTF_8));
    }

    /** The event that tells of such a message. */
    static String message(String kind, byte[] payload) {
        try {
            return kind + " " + payload.length + " "
                    + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(payload));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }

    /** The beginning of "0,1,2,3...", up to 16 MiB: it deflates well, and no part is as another. */
    static byte[] numbers(int length) {
        return Arrays.copyOf(NUMBERS, Math.min(length, NUMBERS.length));
    }

    private static byte[] allNumbers() {
        StringBuilder numbers = new StringBuilder(LARGEST + 10);
        for (int n = 0; numbers.length() < LARGEST; n++) {
            numbers.append(n).append(',');
        }
        numbers.setLength(LARGEST);
        return numbers.toString().getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        process.close();
    }
}
