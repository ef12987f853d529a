package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Report;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.RunFile;
import io.iocp4j.bench.result.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A run of the lab")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SessionTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private Session session(List<String> workloads, int rounds, int launches, Candidate... servers)
            throws InterruptedException {
        Settings settings = new Settings(1, Cores.ANY, Settings.FLAGS_DEFAULT, directory.resolve("logs"));
        Plan plan = new Plan("lab run", workloads.stream().map(Workload::parse).toList(), List.of(servers), rounds,
                launches, 0.05, 0.05, 7, false, directory, directory, settings);
        return new Session(plan, new PrintStream(printed, true, StandardCharsets.UTF_8), false);
    }

    private static Candidate server(String name) throws IOException {
        return new Catalogue(null).get(name);
    }

    @Test
    @DisplayName("measures each server in each round of each launch, and writes all of it")
    void measures() throws Exception {
        Session session = session(List.of("tcp-echo:connections=2"), 2, 2, server("bare-aio"), server("aio"));
        Run run = session.execute();
        assertEquals(0, session.failures(), printed.toString(StandardCharsets.UTF_8));
        assertEquals(8, run.samples().size());
        assertEquals(List.of(0, 1, 2, 3),
                run.samples(run.workloads().getFirst(), "aio").stream().map(Sample::round).toList());
        for (Sample sample : run.samples()) {
            assertTrue(sample.messages() > 0 && sample.nanos() > 0 && sample.serverCpuNanos() > 0, sample.toString());
            assertTrue(sample.allocatedBytes() >= 0 && sample.gcCount() >= 0, sample.toString());
            assertEquals(sample.messages(), sample.latency().count());
            assertEquals(0, sample.failures());
        }
        assertTrue(run.complete());
        assertEquals(8, RunFile.read(directory).samples().size());
        assertTrue(Files.size(directory.resolve(Report.FILE)) > 1_000);
        assertEquals(List.of("bare-aio", "aio"), run.measured(run.workloads().getFirst()));
        assertTrue(run.servers().getFirst().command().contains("ServerMain bare-aio"), run.servers().toString());
    }

    @Test
    @DisplayName("goes on without a server that cannot be started, and leaves out those that cannot serve a workload")
    void failingServer() throws Exception {
        Candidate broken = new Candidate("broken", Set.of("tcp"),
                Catalogue.words("sh -c 'echo no luck; exit 3' {port}"), null);
        Candidate other = new Candidate("other", Set.of("ws"), Catalogue.words("sh {port}"), null);
        Session session = session(List.of("tcp-echo:connections=2"), 1, 1, server("bare-aio"), broken, other);
        Run run = session.execute();
        String text = printed.toString(StandardCharsets.UTF_8);
        assertEquals(1, session.failures());
        assertEquals(1, run.samples().size());
        assertTrue(text.contains("broken has failed in tcp-echo") && text.contains("no luck"), text);
        assertTrue(text.contains("tcp-echo is not served by other"), text);
    }

    @Test
    @DisplayName("measures a server that is only known by its command, by its processor time alone")
    void foreign() throws Exception {
        String java = Programs.java();
        Path source = directory.resolve("Echo.java");
        Files.writeString(source, """
                void main(String[] args) throws Exception {
                    var listener = new java.net.ServerSocket(Integer.parseInt(args[0]));
                    while (true) {
                        var socket = listener.accept();
                        Thread.ofPlatform().start(() -> {
                            try (socket) {
                                socket.getInputStream().transferTo(socket.getOutputStream());
                            } catch (java.io.IOException e) {
                                System.err.println(e);
                            }
                        });
                    }
                }
                """);
        Catalogue catalogue = new Catalogue(null);
        catalogue.add("mine='" + java + "' '" + source + "' {port}", true);
        Run run = session(List.of("tcp-echo:connections=2"), 1, 1, catalogue.get("mine")).execute();
        Sample sample = run.samples().getFirst();
        assertTrue(sample.messages() > 0 && sample.serverCpuNanos() > 0, sample.toString());
        assertEquals(Sample.UNKNOWN, sample.allocatedBytes());
    }

    @Test
    @DisplayName("measures memory with new processes in each round")
    void idle() throws Exception {
        Run run = session(List.of("idle:connections=300"), 2, 1, server("aio")).execute();
        assertEquals(2, run.samples().size(), printed.toString(StandardCharsets.UTF_8));
        run.samples().forEach(sample -> assertTrue(sample.memoryPerConnection() > 512, sample.toString()));
    }
}
