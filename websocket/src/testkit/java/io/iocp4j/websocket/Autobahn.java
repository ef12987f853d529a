package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.Deflater;
import org.junit.jupiter.api.DynamicTest;

/**
 * One run of Autobahn's own case files, which {@code autobahn/fuzz.py} drives in a process of its own. Its verdicts
 * become tests, one for each case; its HTML report stays in {@code target/autobahn}.
 */
final class Autobahn implements AutoCloseable {
    /**
     * Everything is compressed, so that deflate is tested; fast, because 216 cases have 1,000 messages each and would
     * spend most of their time in zlib. The level makes no difference to the peer but in size.
     */
    static final Deflate DEFLATE = Deflate.on().level(Deflater.BEST_SPEED).threshold(0);
    /** Some cases have messages of 16 MiB, of which several may be under way. */
    static final int SEND_QUEUE = 64 << 20;
    /** Cases at the same time: many of them wait, for the other side or for a delay of the case. */
    static final int PARALLEL = 4;

    private static final int LARGEST = 16 << 20;
    /** Of 64 bytes each. */
    private static final int FRAGMENTS = LARGEST / 64;
    private static final Path HOME = Path.of("target", "autobahn");
    private static final Path PYTHON = HOME.resolve("python");
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration RUN_LIMIT = Duration.ofMinutes(20);
    private static final String ALL = "*";
    private static final String CASES = System.getProperty("autobahn.cases", ALL);
    /** Of each case of 12 and 13; as Autobahn has them, unless somebody is in a hurry. */
    private static final int MESSAGES = Integer.getInteger("autobahn.messages", 1000);
    private static final Map<String, Integer> ALL_CASES =
            Map.ofEntries(Map.entry("1", 16), Map.entry("2", 11), Map.entry("3", 7),
            Map.entry("4", 10), Map.entry("5", 20), Map.entry("6", 145), Map.entry("7", 37), Map.entry("9", 54),
            Map.entry("10", 1),
            Map.entry("12", 90), Map.entry("13", 126));
    /**
     * What RFC 6455 leaves open here is noted down and not judged: data behind a Close frame, close codes above 4999.
     */
    private static final Set<String> INFORMATIONAL = Set.of("7.1.6", "7.13.1", "7.13.2");

    private final Path report;
    private final ChildProcess process;

    private Autobahn(String side, String... arguments) throws IOException {
        Installed.require("python3");
        Installed.requireFile(PYTHON, "websocket/autobahn/install");
        report = HOME.resolve(side);
        deleteReport();
        ProcessBuilder builder =
                new ProcessBuilder("python3", Path.of("autobahn", "fuzz.py").toString(), side, report.toString(), CASES,
                Integer.toString(MESSAGES));
        builder.command().addAll(List.of(arguments));
        builder.environment().put("PYTHONPATH", PYTHON.toString());
        process = ChildProcess.start("autobahn-" + side, builder);
    }

    /** Sends no pings of its own, of which no case knows. */
    static <O extends WebSocketOptions<O>> O options(O options) {
        return options.limits(Limits.defaults().maxFrame(LARGEST).maxMessage(LARGEST).maxFragments(FRAGMENTS))
                .deflate(DEFLATE).heartbeat(Duration.ZERO, Duration.ofSeconds(20));
    }

    /** Begins to test a server, which has to echo each message. */
    static Autobahn testServer(URI address) throws IOException {
        return new Autobahn("server", Integer.toString(PARALLEL), address.toString());
    }

    /** Begins to test a client, which has to ask at {@link #address()} for one case after the other. */
    static Autobahn testClient() throws IOException {
        return new Autobahn("client");
    }

    /** Where the client under test has to connect to. */
    URI address() throws InterruptedException {
        String line = process.awaitLine("^listening on ", START_LIMIT).text();
        return URI.create(line.substring(line.indexOf("ws://")));
    }

    /** The cases that a client under test has to run, in their order, known with the address. */
    List<String> ids() {
        return process.lines().stream().map(ChildProcess.Line::text).filter(line -> line.startsWith("case "))
                .map(line -> line.substring("case ".length())).toList();
    }

    /** Waits for the end of the run. */
    List<DynamicTest> verdicts() throws IOException {
        assertEquals(0, process.awaitExit(RUN_LIMIT), () -> process.lines().toString());
        Map<String, Object> agents = JsonTree.readObject(Files.readString(report.resolve("index.json")));
        assertEquals(1, agents.size(), "one implementation was tested");
        Map<String, Object> cases = DevTools.object(agents, agents.keySet().iterator().next());
        Map<String, Integer> counts = new TreeMap<>();
        Map<String, Integer> sections = new TreeMap<>();
        List<DynamicTest> tests = new ArrayList<>();
        cases.keySet().forEach(id -> {
            Map<String, Object> verdict = DevTools.object(cases, id);
            counts.merge((String) verdict.get("behavior"), 1, Integer::sum);
            sections.merge(id.substring(0, id.indexOf('.')), 1, Integer::sum);
            tests.add(DynamicTest.dynamicTest("Autobahn case " + id, () -> check(id, verdict)));
        });
        System.out.println("e2e: Autobahn, " + report.getFileName() + ": " + cases.size() + " cases, " + MESSAGES
                + " messages in each of 12 and 13, " + counts);
        if (CASES.equals(ALL)) {
            assertEquals(new TreeMap<>(ALL_CASES), sections, "cases of each section");
        }
        return tests;
    }

    @Override
    public void close() {
        process.close();
    }

    /** Judges both what the connection did and how it closed. */
    private void check(String id, Map<String, Object> verdict) {
        String expected = INFORMATIONAL.contains(id) ? "INFORMATIONAL" : "OK";
        if (expected.equals(verdict.get("behavior")) && expected.equals(verdict.get("behaviorClose"))) {
            return;
        }
        Path details = report.resolve((String) verdict.get("reportfile"));
        try {
            Map<String, Object> facts = JsonTree.readObject(Files.readString(details));
            assertAll(id, () -> assertEquals(expected, verdict.get("behavior"),
                    facts.get("result") + ", see " + details),
                    () -> assertEquals(expected, verdict.get("behaviorClose"),
                    facts.get("resultClose") + ", see " + details));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void deleteReport() throws IOException {
        if (Files.isDirectory(report)) {
            try (var files = Files.newDirectoryStream(report)) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
        }
    }
}
