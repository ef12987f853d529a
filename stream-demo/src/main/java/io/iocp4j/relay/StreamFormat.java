package io.iocp4j.relay;

import io.iocp4j.core.BufferPool;
import io.iocp4j.relay.media.MediaInit;
import io.iocp4j.relay.media.MediaTrack;
import java.util.ArrayList;
import java.util.List;

/** The tracks of a stream with their init segments, as viewers get them. Guarded by its stream. */
final class StreamFormat {
    private String mime = "";
    private int width;
    private int height;
    private String soundMime;
    private MediaUnit init;
    private MediaUnit soundInit;

    /** Takes the tracks of a publisher. Allocates before it releases the former ones, because that may fail. */
    void replace(MediaInit next, BufferPool pool, int seq, long originMicros) {
        MediaTrack video = next.video();
        MediaTrack sound = next.audio();
        MediaUnit made = null;
        MediaUnit soundMade = null;
        try {
            made = video.bytes() == null ? null
                    : MediaUnit.init(pool, track(MediaTrack.VIDEO, sound), seq, originMicros, video.bytes());
            soundMade = sound == null ? null
                    : MediaUnit.init(pool, MediaTrack.AUDIO, 0, originMicros, sound.bytes());
        } finally {
            if (made != null && sound != null && soundMade == null) {
                made.release();
            }
        }
        release();
        init = made;
        soundInit = soundMade;
        mime = video.mime();
        width = video.width();
        height = video.height();
        soundMime = sound == null ? null : sound.mime();
    }

    private static int track(int number, MediaTrack sound) {
        return sound == null ? 0 : number;
    }

    /** Returns the number of a track in the header of its units: 0 if there is only one. */
    int track(int number) {
        return soundMime == null ? 0 : number;
    }

    void release() {
        if (init != null) {
            init.release();
            init = null;
        }
        if (soundInit != null) {
            soundInit.release();
            soundInit = null;
        }
    }

    long bytes() {
        return (init == null ? 0 : init.bytes()) + (soundInit == null ? 0 : soundInit.bytes());
    }

    /** Returns the init segments for a viewer that takes sound, or does not. */
    List<MediaUnit> inits(boolean withSound) {
        List<MediaUnit> inits = new ArrayList<>(2);
        if (init != null) {
            inits.add(init);
        }
        if (withSound && soundInit != null) {
            inits.add(soundInit);
        }
        return inits;
    }

    String mime() {
        return mime;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** Returns the members of the stream text. Viewers that take no sound ignore the tracks. */
    String json() {
        String members = "\"mime\":" + Json.quote(mime) + ",\"w\":" + width + ",\"h\":" + height;
        return soundMime == null ? members : members + ",\"tracks\":[{\"n\":" + MediaTrack.VIDEO
                + ",\"kind\":\"video\",\"mime\":" + Json.quote(mime) + ",\"w\":" + width + ",\"h\":" + height
                + "},{\"n\":" + MediaTrack.AUDIO + ",\"kind\":\"audio\",\"mime\":" + Json.quote(soundMime) + "}]";
    }
}
