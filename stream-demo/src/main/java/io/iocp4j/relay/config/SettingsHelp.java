package io.iocp4j.relay.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The part of {@code --help} that lists settings, group by group. */
public final class SettingsHelp {
    private static final int WIDTH = 100;
    private static final int COLUMN = 30;

    private SettingsHelp() {
    }

    /**
     * Lists settings.
     *
     * @param known all of them; groups come in the order of their first setting
     * @return lines, each with its end
     */
    public static String of(List<Setting<?>> known) {
        Map<String, List<Setting<?>>> groups = new LinkedHashMap<>();
        known.forEach(setting -> groups.computeIfAbsent(setting.group(), name -> new ArrayList<>()).add(setting));
        StringBuilder text = new StringBuilder();
        groups.forEach((group, settings) -> {
            text.append(group).append(":\n");
            settings.forEach(setting -> append(text, setting));
            text.append('\n');
        });
        return text.toString();
    }

    private static <T> void append(StringBuilder text, Setting<T> setting) {
        String usage = setting.isSwitch() ? "--[no-]" + setting.name()
                : setting.flag() + " " + setting.takes().word() + (setting.repeatable() ? " .." : "");
        String shown = setting.secret() ? "" : setting.show(setting.standard());
        StringBuilder line = new StringBuilder("  ").append(usage);
        boolean first = line.length() + 2 <= COLUMN;
        if (!first) {
            text.append(line).append('\n');
            line.setLength(0);
        }
        line.repeat(' ', COLUMN - line.length());
        String words = setting.help() + (shown.isEmpty() ? "" : " (default " + shown + ")");
        for (String word : words.split(" ")) {
            if (line.length() + word.length() > WIDTH) {
                text.append(line.toString().stripTrailing()).append('\n');
                line.setLength(0);
                line.repeat(' ', COLUMN);
            }
            line.append(word).append(' ');
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }
}
