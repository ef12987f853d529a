package io.iocp4j.relay.observe;

import java.util.concurrent.atomic.LongAdder;

/**
 * The counters and histograms of the streams of one path, found once so that counting a frame searches nothing. They
 * stay when a stream ends, and the next stream of the path continues them: a counter never falls. Any thread.
 */
final class PathMetrics {
    /** The value of the label "path". */
    final String label;
    final LongAdder ingestBytes;
    final LongAdder keyPictures;
    final LongAdder otherPictures;
    final LongAdder sounds;
    final LongAdder egressBytes;
    final LongAdder droppedSlow;
    final LongAdder droppedJoin;
    final LongAdder droppedBudget;
    final LongAdder droppedIngest;
    final LongAdder trims;
    final LongAdder epochs;
    final Histogram.Cell lag;
    final Histogram.Cell roundTrip;
    final Histogram.Cell join;
    final Histogram.Cell batch;

    PathMetrics(String label, RelayMetrics all) {
        this.label = label;
        ingestBytes = all.ingestBytes.of(label);
        keyPictures = all.ingestFrames.of(label, "video", "true");
        otherPictures = all.ingestFrames.of(label, "video", "false");
        sounds = all.ingestFrames.of(label, "audio", "true");
        egressBytes = all.egressBytes.of(label);
        droppedSlow = all.dropped.of(label, "slow");
        droppedJoin = all.dropped.of(label, "join");
        droppedBudget = all.dropped.of(label, "budget");
        droppedIngest = all.dropped.of(label, "ingest");
        trims = all.trims.of(label);
        epochs = all.epochs.of(label);
        lag = all.lag.of(label);
        roundTrip = all.roundTrip.of(label);
        join = all.join.of(label);
        batch = all.batch.of(label);
    }
}
