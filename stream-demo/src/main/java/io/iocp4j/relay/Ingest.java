package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.relay.access.Proxies;
import io.iocp4j.relay.media.ContainerParser;
import io.iocp4j.relay.media.MediaException;
import io.iocp4j.relay.media.MediaInit;
import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.relay.media.MediaListener;
import io.iocp4j.relay.media.MediaTrack;
import io.iocp4j.relay.media.UnitFacts;
import io.iocp4j.relay.observe.LogField;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpResponse;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A publisher over HTTP: the body of {@code PUT} or {@code POST /publish/{path}}, in any container that
 * {@link ContainerParser} knows. It takes the stream only with its first init segment, so that a request with garbage
 * does not displace another publisher.
 */
final class Ingest implements BodyListener, MediaListener, RelayStream.Publisher {
    private static final System.Logger LOG = new GuardedLog(Ingest.class);

    /** The longest wait that a publisher is asked for when the relay stops, so that not all return at once. */
    private static final int RETRY_SECONDS_MAX = 3;

    private final String path;
    private final RelayHub hub;
    private final Visit visit;
    private final HttpExchange exchange;
    private final CompletionPort port;
    private final Duration silenceMax;
    private final ContainerParser parser = new ContainerParser(MediaLimits.defaults(), this, this::keep);
    /** The picture as viewers have it; null before the first. */
    private MediaTrack picture;
    /** The warnings that were logged. The parser bounds how many there are for one stream. */
    private final Set<String> warned = new HashSet<>();
    /** The reason why the memory budget refused memory for the parser; null if it did not. */
    private String refusal;

    // Written by the callbacks of the connection, read by the timer and by a publisher that takes over.
    private volatile RelayStream stream;
    private volatile long units;
    private volatile long soundUnits;
    private volatile boolean over;
    /** The time of the last frame. Bytes that do not become frames count as silence, init segments included. */
    private volatile long lastNanos;
    private volatile Future<?> timer;
    /** Used by the callbacks of the connection only. */
    private final IngestRate rate;

    /** The admission has a place for this publisher, which goes back to it at the end. */
    Ingest(String path, Visit visit, RelayHub hub, HttpExchange exchange, CompletionPort port, Duration silenceMax) {
        this.path = path;
        this.visit = visit;
        this.hub = hub;
        this.exchange = exchange;
        this.port = port;
        this.silenceMax = silenceMax;
        this.lastNanos = port.nanoTime();
        this.rate = new IngestRate(lastNanos);
        this.timer = port.deadline(silenceMax, this::checkSilence);
        log(Level.INFO, "begin", "publisher from {0} begins to publish {1}", LogField.peer(from()),
                LogField.path(path));
        visit.pass().begin(() -> refuse(403, "the link or login has expired"));
    }

    private String from() {
        return visit.from();
    }

    /** Charges the memory of the parser to the publisher's connection; false if it is refused. */
    private boolean keep(long before, long after) {
        boolean admitted = exchange.memory().change(Kind.HEAP, before, after);
        if (!admitted) {
            refusal = exchange.memory().refusal(Kind.HEAP);
        }
        return admitted;
    }

    @Override
    public void onBody(ByteBuffer data) throws HttpException {
        long max = hub.admission().max(RelayLimit.INGEST_RATE);
        if (!rate.pass(data.remaining(), max, port.nanoTime())) {
            HttpException tooMany = hub.admission().tooMany(RelayLimit.INGEST_RATE, IngestRate.BURST_SECONDS);
            parser.release();
            leave(tooMany.getMessage());
            throw tooMany;
        }
        try {
            parser.feed(data);
        } catch (MediaException e) {
            throw refuse(e);
        }
    }

    @Override
    public void onBodyEnd() throws HttpException {
        try {
            parser.end();
        } catch (MediaException e) {
            throw refuse(e);
        } catch (RuntimeException | Error thrown) {
            // Unlike for an exception in the middle of the body, onBodyAborted does not follow.
            leave("the end of the body could not be processed");
            throw thrown;
        }
        parser.release();
        leave("end of the body");
        exchange.respond(HttpResponse.text(200, "published " + units + " frames\n"));
    }

    @Override
    public void onBodyAborted(String why) {
        parser.release();
        leave(why);
    }

    private HttpException refuse(MediaException e) {
        parser.release();
        leave(Level.WARNING, refusal == null ? e.getMessage() : refusal);
        if (refusal != null) {
            return new HttpException(503, refusal);
        }
        return e.getCause() instanceof HttpException refused ? refused : new HttpException(400, e.getMessage());
    }

    @Override
    public void onInit(MediaInit init) throws MediaException {
        MediaTrack video = init.video();
        warn(init);
        if (stream == null) {
            try {
                stream = hub.publish(path, init.container(), this, video.mime(), video.width(), video.height(),
                        video.bytes());
            } catch (HttpException e) {
                throw new MediaException(e.getMessage(), e);
            }
            if (over) {
                // the timer ended this publisher before the stream was visible to it
                stream.unpublish(this);
            }
        } else if (!stream.container().equals(init.container())) {
            throw new MediaException("the stream changed from " + stream.container() + " to " + init.container());
        } else if (!video.equals(picture)) {
            stream.init(this, video.mime(), video.width(), video.height(), video.bytes());
        }
        picture = video;
    }

    /** Warns once for each reason that a viewer gets less than the publisher sends. */
    private void warn(MediaInit init) {
        for (String why : init.leftOut()) {
            if (warned.add(why)) {
                LOG.log(Level.WARNING, "stream {0}: {1}", LogField.path(path), why);
            }
        }
        if (init.audio() != null && warned.add("sound")) {
            LOG.log(Level.WARNING, "stream {0}: viewers do not get the sound ({1}) yet", LogField.path(path),
                    init.audio().mime());
        }
    }

    @Override
    public void onUnit(int track, ByteBuffer unit, UnitFacts facts) throws MediaException {
        if (units + soundUnits == 0) {
            admitFrame();
        }
        lastNanos = port.nanoTime();
        if (track == MediaTrack.VIDEO) {
            units++;
            stream.media(this, unit, facts);
        } else {
            soundUnits++;
        }
    }

    @Override
    public PublisherInfo info() {
        return new PublisherInfo(from(), visit.request().headers().first("User-Agent"));
    }

    private void admitFrame() throws MediaException {
        try {
            hub.admitFrame(stream);
        } catch (HttpException e) {
            throw new MediaException(e.getMessage(), e);
        }
    }

    @Override
    public void lost(int status, String why) {
        boolean ended = end();
        HttpResponse answer = HttpResponse.text(status, why + "\n");
        exchange.respond(status == 503 ? answer.withHeader("Retry-After",
                String.valueOf(1 + ThreadLocalRandom.current().nextInt(RETRY_SECONDS_MAX))) : answer);
        if (ended) {
            log(Level.INFO, why);
        }
    }

    private void checkSilence() {
        try {
            endIfSilent();
        } catch (RuntimeException | Error thrown) {
            // without a timer, a publisher that is gone would keep the stream for ever
            timer = port.deadline(silenceMax, this::checkSilence);
            throw thrown;
        }
    }

    private void endIfSilent() {
        long silence = port.nanoTime() - lastNanos;
        if (over) {
            return;
        }
        if (silence < silenceMax.toNanos()) {
            timer = port.deadline(silenceMax.minusNanos(silence), this::checkSilence);
            return;
        }
        String why = "no media arrived for " + silenceMax.toSeconds() + " s; send more often, with ffmpeg: -g 30 and"
                + " -movflags +frag_every_frame, or raise --publisher-timeout";
        refuse(408, units == 0 && Proxies.passed(visit.request().headers()) ? why + "; a proxy in between may hold the"
                + " upload back: nginx needs \"proxy_request_buffering off\" and \"proxy_http_version 1.1\"" : why);
    }

    private void refuse(int status, String why) {
        leave(Level.WARNING, why);
        exchange.respond(HttpResponse.text(status, why + "\n"));
    }

    private void leave(String why) {
        leave(Level.INFO, why);
    }

    private void leave(Level level, String why) {
        if (end()) {
            // This sets "over" and then reads the stream; onInit sets the stream and then reads "over".
            // So at least one of them sees both, and removes this publisher.
            if (stream != null) {
                stream.unpublish(this);
            }
            log(level, why);
        }
    }

    /** Marks the end of this publisher and stops the timer; true for the first call. */
    private synchronized boolean end() {
        if (over) {
            return false;
        }
        over = true;
        timer.cancel(false);
        hub.admission().publisherGone(visit.client());
        visit.pass().end();
        return true;
    }

    private void log(Level level, String why) {
        log(level, "end", "publisher from {0} left {1} after {2} frames{3}: {4}", LogField.peer(from()),
                LogField.path(path), String.valueOf(units),
                soundUnits > 0 ? " and " + soundUnits + " units of sound" : "", why);
    }

    private void log(Level level, String kind, String format, Object... values) {
        hub.clientLog().log(LOG, level, "publisher " + kind, from(), format, values);
    }
}
