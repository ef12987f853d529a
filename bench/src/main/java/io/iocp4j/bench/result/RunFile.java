package io.iocp4j.bench.result;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keeps a {@link Run} in a directory, as {@value #JSON} and {@value #CSV}. Each file is written under another name and
 * then moved to its place. If the lab is interrupted, the rounds measured so far therefore remain.
 *
 * <p>{@value #JSON} is one object, in UTF-8:
 * <table>
 * <caption>Members of the object</caption>
 * <tr><th>name</th><th>value</th></tr>
 * <tr><td>format</td><td>{@value #FORMAT}</td></tr>
 * <tr><td>command, seed, commit</td><td>as in {@link Run}</td></tr>
 * <tr><td>started, written</td><td>times as ISO 8601 in UTC</td></tr>
 * <tr><td>complete, roundsPerLaunch</td><td>as in {@link Run}</td></tr>
 * <tr><td>machine</td><td>an object with the names of {@link Machine}</td></tr>
 * <tr><td>workloads</td><td>a list of strings such as {@code ws-echo:connections=64,inFlight=1,size=64}</td></tr>
 * <tr><td>servers</td><td>a list of objects with the names of {@link Run.Server}</td></tr>
 * <tr><td>samples</td><td>a list of objects with the names of {@link Sample}. A number that could not be measured is
 * null. {@code latency} is null or the text of {@link Histogram#encode}</td></tr>
 * <tr><td>benchmarks</td><td>a list of objects with the names of {@link Run.Benchmark}; {@code error} may be
 * null</td></tr>
 * </table>
 * A reader ignores members that it does not know.
 *
 * <p>{@value #CSV} (RFC 4180) has a line for each sample, with the names above as its header. A number that could not
 * be measured is empty. Percentiles of the latency in nanoseconds are in place of the histogram.
 */
public final class RunFile {
    /** The name of the file with the whole run. */
    public static final String JSON = "run.json";
    /** The name of the file with the samples. */
    public static final String CSV = "samples.csv";
    /** The version of the format. It grows when a member changes its meaning. */
    static final int FORMAT = 1;

    private RunFile() {
    }

    /**
     * Writes both files. Each file is replaced in one step: a reader sees the old one or the new one.
     *
     * @param directory the directory; it is made if it is missing
     * @param run the run
     * @throws IOException if the directory or a file cannot be written
     */
    public static void write(Path directory, Run run) throws IOException {
        Files.createDirectories(directory);
        replace(directory.resolve(JSON), Json.write(json(run)));
        replace(directory.resolve(CSV), SampleFields.csv(run.samples()));
    }

    /**
     * Reads a run.
     *
     * @param directory the directory that {@link #write} has written into
     * @return the run
     * @throws IOException if there is no such file, it is not JSON, has another format or lacks a member; the message
     *         names the file and what is wrong
     */
    public static Run read(Path directory) throws IOException {
        Path file = directory.resolve(JSON);
        String text = Files.readString(file);
        try {
            return run(new JsonObject("the file", Json.read(text)));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Writes a file under a temporary name in the same directory, then moves it to its place. */
    static void replace(Path file, String text) throws IOException {
        Path beside = Files.createTempFile(file.toAbsolutePath().getParent(), file.getFileName() + ".", ".part");
        try {
            Files.writeString(beside, text);
            readable(beside);
            move(beside, file);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** Makes a file readable for everybody. Only its owner can read a temporary file, but results are shared. */
    private static void readable(Path file) throws IOException {
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static Map<String, Object> json(Run run) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("format", FORMAT);
        result.put("command", run.command());
        result.put("seed", run.seed());
        result.put("commit", run.commit());
        result.put("started", run.started().toString());
        result.put("written", run.written().toString());
        result.put("complete", run.complete());
        result.put("roundsPerLaunch", run.roundsPerLaunch());
        result.put("machine", machine(run.machine()));
        result.put("workloads", run.workloads());
        result.put("servers", run.servers().stream().map(RunFile::server).toList());
        result.put("samples", run.samples().stream().map(SampleFields::json).toList());
        result.put("benchmarks", run.benchmarks().stream().map(RunFile::benchmark).toList());
        return result;
    }

    private static Run run(JsonObject file) {
        if (file.number("format") != FORMAT) {
            throw new IllegalArgumentException("format " + file.number("format") + " instead of " + FORMAT);
        }
        return new Run(file.text("command"), file.number("seed"), file.text("commit"), machine(file.object("machine")),
                Instant.parse(file.text("started")), Instant.parse(file.text("written")), file.bool("complete"),
                file.integer("roundsPerLaunch"),
                file.objects("servers").stream().map(RunFile::server).toList(), file.texts("workloads"),
                file.objects("samples").stream().map(SampleFields::sample).toList(),
                file.objects("benchmarks").stream().map(RunFile::benchmark).toList());
    }

    private static Map<String, Object> machine(Machine machine) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("system", machine.system());
        result.put("kernel", machine.kernel());
        result.put("processor", machine.processor());
        result.put("architecture", machine.architecture());
        result.put("cores", machine.cores());
        result.put("memoryBytes", SampleFields.known(machine.memoryBytes()));
        result.put("jvm", machine.jvm());
        result.put("jvmFlags", machine.jvmFlags());
        return result;
    }

    private static Machine machine(JsonObject object) {
        return new Machine(object.text("system"), object.text("kernel"), object.text("processor"),
                object.text("architecture"), object.integer("cores"), object.measured("memoryBytes"),
                object.text("jvm"), object.text("jvmFlags"));
    }

    private static Map<String, Object> server(Run.Server server) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("name", server.name());
        result.put("command", server.command());
        result.put("baseline", server.baseline());
        return result;
    }

    private static Run.Server server(JsonObject object) {
        return new Run.Server(object.text("name"), object.text("command"), object.bool("baseline"));
    }

    private static Map<String, Object> benchmark(Run.Benchmark benchmark) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("name", benchmark.name());
        result.put("parameters", benchmark.parameters());
        result.put("score", benchmark.score());
        result.put("error", Double.isNaN(benchmark.error()) ? null : benchmark.error());
        result.put("unit", benchmark.unit());
        return result;
    }

    private static Run.Benchmark benchmark(JsonObject object) {
        return new Run.Benchmark(object.text("name"), object.text("parameters"), object.real("score"),
                object.real("error"), object.text("unit"));
    }
}
