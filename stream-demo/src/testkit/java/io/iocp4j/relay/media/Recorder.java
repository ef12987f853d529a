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
        events.add("init " + init.mime() + " " + init.width() + "x" + init.height() + " " + hash(init.bytes()));
    }

    @Override
    public void onUnit(ByteBuffer unit, UnitFacts facts) {
        events.add((facts.key() ? "key " : "unit ") + unit.remaining() + " " + hash(unit.duplicate()));
        byte[] copy = new byte[unit.remaining()];
        unit.get(copy);
        units.add(copy);
        keys.add(facts.key());
    }

    private static int hash(ByteBuffer bytes) {
        return bytes.hashCode();
    }
}
