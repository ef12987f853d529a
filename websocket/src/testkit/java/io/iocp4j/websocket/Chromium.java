package io.iocp4j.websocket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A Chromium without a screen and with a fresh profile, steered through DevTools. */
public final class Chromium implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final String ANNOUNCEMENT = "DevTools listening on ";
    private static final List<String> FLAGS = List.of("--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio",
            "--autoplay-policy=no-user-gesture-required", "--disable-background-timer-throttling",
            "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
            "--disable-breakpad", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
            "--window-size=1280,900", "--remote-debugging-port=0");

    private final ChildProcess process;
    private final DevTools tools;
    private final Path profile;

    private Chromium(ChildProcess process, DevTools tools, Path profile) {
        this.process = process;
        this.tools = tools;
        this.profile = profile;
    }

    public static Chromium start() throws IOException, InterruptedException {
        Path profile = Files.createTempDirectory("chromium");
        ProcessBuilder builder = new ProcessBuilder("chromium");
        builder.command().addAll(FLAGS);
        builder.command().add("--user-data-dir=" + profile);
        // what the browser keeps outside its profile must be fresh and must go away too
        for (String place : List.of("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")) {
            builder.environment().put(place, profile.toString());
        }
        ChildProcess process = ChildProcess.start("chromium", builder);
        try {
            String line = process.awaitLine(ANNOUNCEMENT, START_LIMIT).text();
            return new Chromium(process, new DevTools(URI.create(line.substring(line.indexOf("ws://")))), profile);
        } catch (Throwable e) {
            process.close();
            throw e;
        }
    }

    /** Opens an address in a window of its own. */
    public Page open(String address) {
        return Page.open(tools, address);
    }

    /** Kills the browser with all its processes, as if the machine had lost it. */
    public void kill() {
        process.kill();
    }

    @Override
    public void close() throws IOException {
        tools.close();
        process.close();
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder()).forEach(Chromium::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
