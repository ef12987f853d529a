package io.iocp4j.relay;

import io.iocp4j.websocket.ChildProcess;
import java.io.IOException;
import java.net.URI;
import java.net.URLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A process of ffmpeg that publishes H.264 in fragmented MP4 over HTTP PUT: 640 x 360, 30 frames per second. */
final class Ffmpeg implements AutoCloseable {
    static final int FRAMES_PER_SECOND = 30;

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final String PROGRESS = "frame=";
    /** 20 frames or more. ffmpeg counts a frame before it sends it, so by then the relay has the first ones. */
    private static final String UNDER_WAY = "([2-9]\\d|\\d{3,})$";
    private static final List<String> COMMAND = List.of("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning",
            "-nostats", "-stats_period", "0.1", "-progress", "pipe:1",
            "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=" + FRAMES_PER_SECOND,
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline",
            "-pix_fmt", "yuv420p", "-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-bf", "0",
            "-f", "mp4", "-movflags", "frag_every_frame+empty_moov+default_base_moof", "-flush_packets", "1",
            "-method", "PUT", "-content_type", "video/mp4");

    private final ChildProcess process;

    private Ffmpeg(ChildProcess process) {
        this.process = process;
    }

    /**
     * Starts to publish for a length of time, and waits until the relay has the first frames. The options are those of
     * the output.
     */
    static Ffmpeg publish(String relay, String path, Duration length, String... options)
            throws IOException, InterruptedException {
        // the first request of a relay that has just started may take longer than the first frames of ffmpeg
        URLConnection page = URI.create(relay).toURL().openConnection();
        page.setRequestProperty("Connection", "close");
        page.getInputStream().close();
        List<String> command = new ArrayList<>(COMMAND);
        command.addAll(List.of(options));
        command.addAll(List.of("-t", Long.toString(length.toSeconds()), relay + "publish/" + path));
        Ffmpeg ffmpeg = new Ffmpeg(ChildProcess.start("ffmpeg-" + path, new ProcessBuilder(command)));
        try {
            ffmpeg.process.awaitLine(PROGRESS + UNDER_WAY, START_LIMIT);
            return ffmpeg;
        } catch (Throwable e) {
            ffmpeg.close();
            throw e;
        }
    }

    /** Waits until everything is published. Fails if ffmpeg fails. */
    void await(Duration limit) {
        int code = process.awaitExit(limit);
        if (code != 0) {
            throw new AssertionError("ffmpeg ended with " + code + ": " + process.lines());
        }
    }

    /** Waits up to a limit; true if ffmpeg ended in that time. */
    boolean endsWithin(Duration limit) throws InterruptedException {
        return process.endsWithin(limit);
    }

    /** Returns the number of frames sent so far. */
    long framesSent() {
        return process.lines().reversed().stream().map(ChildProcess.Line::text)
                .filter(line -> line.startsWith(PROGRESS)).findFirst()
                .map(line -> Long.parseLong(line.substring(PROGRESS.length()))).orElse(0L);
    }

    /** Stops ffmpeg in the normal way, in which it ends the request body. */
    void stop() {
        process.terminate();
        process.awaitExit(STOP_LIMIT);
    }

    /** Kills ffmpeg with SIGKILL, so that the request body is cut off. */
    void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }
}
