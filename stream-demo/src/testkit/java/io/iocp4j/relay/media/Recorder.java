package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Records the reports of a parser: events as text, and copies of the bytes. */
final class Recorder implements MediaListener {
    final List<String> events = new ArrayList<>();
    final List<MediaInit> inits = new ArrayList<>();
    final List<byte[]> units = new ArrayList<>();
    final List<Boolean> keys = new ArrayList<>();
    final List<Integer> tracks = new ArrayList<>();

    /** Feeds each part with one call, and ends the stream. */
    static Recorder of(byte[]... parts) throws MediaException {
        Recorder recorder = new Recorder();
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), recorder);
        for (byte[] part : parts) {
            parser.feed(ByteBuffer.wrap(part));
        }
        parser.end();
        return recorder;
    }

    @Override
    public void onInit(MediaInit init) {
        inits.add(init);
        MediaTrack video = init.video();
        events.add("init " + video.mime() + " " + video.width() + "x" + video.height() + " " + hash(video.bytes())
                + (init.audio() == null ? "" : " " + init.audio().mime() + " " + hash(init.audio().bytes()))
                + (init.leftOut().isEmpty() ? "" : " " + init.leftOut()));
    }

    @Override
    public void onUnit(int track, ByteBuffer unit, UnitFacts facts) {
        events.add((facts.key() ? "key " : track == MediaTrack.VIDEO ? "unit " : "sound ") + unit.remaining() + " "
                + hash(unit.duplicate()));
        byte[] copy = new byte[unit.remaining()];
        unit.get(copy);
        tracks.add(track);
        units.add(copy);
        keys.add(facts.key());
    }

    /** Returns the number of units of a track. */
    int count(int track) {
        return (int) tracks.stream().filter(number -> number == track).count();
    }

    /** Returns the last init segment of a track and its units after it, as a player appends them. */
    byte[] stream(int track) {
        MediaTrack last = track == MediaTrack.VIDEO ? inits.getLast().video() : inits.getLast().audio();
        byte[] init = new byte[last.bytes() == null ? 0 : last.bytes().remaining()];
        if (init.length > 0) {
            last.bytes().get(init);
        }
        List<byte[]> parts = new ArrayList<>(List.of(init));
        for (int i = 0; i < units.size(); i++) {
            if (tracks.get(i) == track) {
                parts.add(units.get(i));
            }
        }
        return Boxes.join(parts.toArray(byte[][]::new));
    }

    private static int hash(ByteBuffer bytes) {
        return bytes == null ? 0 : bytes.hashCode();
    }
}
