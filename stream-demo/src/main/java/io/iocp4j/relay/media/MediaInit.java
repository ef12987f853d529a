package io.iocp4j.relay.media;

import java.util.List;
import java.util.Objects;

/**
 * The part of a stream that every viewer needs before the first unit. Immutable; it may be kept and shared.
 *
 * @param container the container of the picture for viewers: {@code fmp4}, {@code webm} or {@code mjpeg}
 * @param video     the track with pictures
 * @param audio     the track with sound; null if there is none, or none that browsers can play
 * @param leftOut   why a track was left out, or what the publisher should change, in whole sentences without a full
 *                  stop
 */
public record MediaInit(String container, MediaTrack video, MediaTrack audio, List<String> leftOut) {
    /** Checks the parts, and copies the list. */
    public MediaInit {
        Objects.requireNonNull(container, "container");
        Objects.requireNonNull(video, "video");
        leftOut = List.copyOf(leftOut);
    }
}
