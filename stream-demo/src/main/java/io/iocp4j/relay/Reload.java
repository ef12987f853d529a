package io.iocp4j.relay;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.SettingException;
import io.iocp4j.relay.config.Settings;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts changed settings in force while the relay runs: all of them, or none. It reads files, so it must not run on a
 * worker of the port.
 */
final class Reload {
    /** A part of the relay whose settings can change. */
    interface Part {
        /**
         * Checks new settings, and loads what they name.
         *
         * @return puts them in force; must not fail
         * @throws IllegalArgumentException if they cannot be used; nothing has changed then
         */
        Runnable prepare(Settings next);
    }

    /**
     * The outcome.
     *
     * @param changed the settings that changed and are in force
     * @param needRestart those that differ from the running ones, and are read at the start only
     */
    record Outcome(List<Setting<?>> changed, List<Setting<?>> needRestart) {
        String json() {
            return "{\"changed\":" + names(changed) + ",\"needRestart\":" + names(needRestart) + "}";
        }

        private static String names(List<Setting<?>> settings) {
            return settings.stream().map(setting -> Json.quote(setting.name())).toList().toString().replace(", ", ",");
        }
    }

    private final Settings started;
    private final List<Part> parts;
    /** Guarded by this. */
    private Settings current;

    Reload(Settings settings, List<Part> parts) {
        this.started = settings;
        this.current = settings;
        this.parts = List.copyOf(parts);
    }

    /**
     * Reads the settings again.
     *
     * @throws SettingException if a source is broken; nothing has changed then
     * @throws IllegalArgumentException if a part cannot use them; nothing has changed then
     */
    synchronized Outcome run() throws SettingException {
        Settings next = current.again();
        List<Runnable> commits = new ArrayList<>();
        for (Part part : parts) {
            commits.add(part.prepare(next));
        }
        commits.forEach(Runnable::run);
        Outcome outcome = new Outcome(next.changedFrom(current).stream().filter(Setting::reloadable).toList(),
                next.changedFrom(started).stream().filter(setting -> !setting.reloadable()).toList());
        current = next;
        return outcome;
    }
}
