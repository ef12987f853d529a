package io.iocp4j.relay.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The values of all settings, and where each one comes from. Immutable. Any thread.
 *
 * <p>The file has one {@code name = value} a line, in UTF-8. Lines that begin with {@code #} are comments. There are no
 * escapes, so that a path of Windows can be written as it is. A repeatable setting has one line for each value.
 */
public final class Settings {
    /** The file of {@link #read}, if no other is named. */
    public static final String FILE = "relay.properties";
    /** Names the file. It is known to every {@link #read}, and cannot stand in the file itself. */
    public static final Setting<String> CONFIG = Setting.of("config", Takes.text("FILE"), null, "Configuration",
            "read settings from this file; without it, " + FILE + " in the working directory is read if it is there");
    /** The largest file, in bytes. */
    public static final int FILE_BYTES_MAX = 1 << 20;
    /** Variables of the environment that scripts read, which start the relay. */
    private static final List<String> FOR_SCRIPTS = List.of("RELAY_HOME", "RELAY_JAVA", "RELAY_JAVA_OPTS");
    private static final String DEFAULT = "default";
    private static final String PROGRAM = "program";

    /** What a source says about one setting: its texts in order, and the place of the last one. */
    private record Said(List<String> texts, String place) {
        Said() {
            this(new ArrayList<>(), "");
        }
    }

    private record Value(Object value, String source) { }

    private final List<Setting<?>> known;
    private final Map<String, Value> values;
    /** Reads all sources once more; null if the settings were made by a program. */
    private final Reading again;

    @FunctionalInterface
    private interface Reading {
        Settings read() throws SettingException;
    }

    private Settings(List<Setting<?>> known, Map<String, Value> values, Reading again) {
        this.known = known;
        this.values = values;
        this.again = again;
    }

    /**
     * Returns settings that are all at their defaults, for programs that start a relay.
     *
     * @return the defaults
     */
    public static Settings defaults() {
        return new Settings(List.of(), Map.of(), null);
    }

    /**
     * Reads the settings of a run.
     *
     * @param known all settings; names must differ
     * @param args the arguments: {@code --name value}, {@code --name=value}, and {@code --name} or {@code --no-name}
     *         for those that are on or off
     * @param environment the variables; those that do not begin with {@code RELAY_} are left alone
     * @param directory where {@value #FILE} is looked for
     * @return the settings
     * @throws SettingException if a name is unknown, a value is wrong, or a file cannot be read
     */
    public static Settings read(List<Setting<?>> known, List<String> args, Map<String, String> environment,
            Path directory) throws SettingException {
        Map<String, Setting<?>> byName = new TreeMap<>();
        byName.put(CONFIG.name(), CONFIG);
        known.forEach(setting -> {
            Setting<?> other = byName.put(setting.name(), setting);
            if (other != null && other != CONFIG) {
                throw new IllegalArgumentException("two settings are called " + setting.name());
            }
        });
        Map<String, Value> values = new HashMap<>();
        parse(byName, readEnvironment(byName, environment), values);
        parse(byName, readArgs(byName, args), values);
        Map<String, Value> all = new HashMap<>();
        parse(byName, readFile(byName, values.get(CONFIG.name()), directory), all);
        all.putAll(values);
        return new Settings(List.copyOf(known), all, () -> read(known, args, environment, directory));
    }

    /**
     * Reads all sources once more, with the same arguments and environment.
     *
     * @return the settings as they are now; these if a program made them
     * @throws SettingException as {@link #read} does; these settings go on
     */
    public Settings again() throws SettingException {
        return again == null ? this : again.read();
    }

    /**
     * Returns a value.
     *
     * @param setting one of those that were known
     * @param <T> its type
     * @return its value, or its default; null only if the default is null
     */
    @SuppressWarnings("unchecked") // the value was read or set by the setting of this name
    public <T> T get(Setting<T> setting) {
        Value value = values.get(setting.name());
        return value == null ? setting.standard() : (T) value.value();
    }

    /**
     * Tells where a value comes from.
     *
     * @param setting one of those that were known
     * @return such as "flag --port", "environment RELAY_PORT", "relay.properties, line 3" or "default"
     */
    public String source(Setting<?> setting) {
        Value value = values.get(setting.name());
        return value == null ? DEFAULT : value.source();
    }

    /**
     * Sets a value, in a program.
     *
     * @param setting any
     * @param value checked like text from the operator; null for "not set", if the default is null
     * @param <T> its type
     * @return a copy
     * @throws IllegalArgumentException if the value is out of range
     */
    public <T> Settings with(Setting<T> setting, T value) {
        if (value != null && !setting.repeatable()) {
            try {
                setting.takes().parse(setting.takes().show(value));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(setting.name() + " " + e.getMessage(), e);
            }
        } else if (value == null && setting.standard() != null) {
            throw new IllegalArgumentException(setting.name() + " needs a value");
        }
        Map<String, Value> copy = new HashMap<>(values);
        copy.put(setting.name(), new Value(value, PROGRAM));
        return new Settings(known, copy, again);
    }

    /**
     * Returns the settings whose values differ.
     *
     * @param other the settings to compare with
     * @return those known here, in their order
     */
    public List<Setting<?>> changedFrom(Settings other) {
        return known.stream().filter(setting -> !Objects.equals(get(setting), other.get(setting))).toList();
    }

    /**
     * Shows all values and where they come from, with secrets masked: what {@code relay config --print} prints.
     *
     * @return one line for each value: the setting, its value and its source
     */
    public List<String> print() {
        List<String> lines = new ArrayList<>();
        for (Setting<?> setting : known) {
            for (String value : shown(setting)) {
                lines.add("%-50s (%s)".formatted(setting.name() + " = " + value, source(setting)));
            }
        }
        return lines;
    }

    private <T> List<String> shown(Setting<T> setting) {
        T value = get(setting);
        if (setting.repeatable() && value instanceof List<?> list && !list.isEmpty()) {
            return list.stream().map(element -> showOne(setting, element)).toList();
        }
        return List.of(setting.show(value));
    }

    @SuppressWarnings("unchecked") // a repeatable setting has a list
    private static <T> String showOne(Setting<T> setting, Object element) {
        return setting.show((T) List.of(element));
    }

    // ------------------------------------------------------------------ sources

    private static Map<String, Said> readArgs(Map<String, Setting<?>> known, List<String> args)
            throws SettingException {
        Map<String, Said> said = new LinkedHashMap<>();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            int equals = arg.indexOf('=');
            String flag = equals < 0 ? arg : arg.substring(0, equals);
            boolean off = flag.startsWith("--no-");
            Setting<?> setting = known.get(flag.startsWith("--") ? flag.substring(off ? 5 : 2) : "");
            if (setting == null || off && (equals >= 0 || !setting.isSwitch())) {
                throw new SettingException("unknown option " + flag + nearest("--", flag, known));
            }
            String text;
            if (equals >= 0) {
                text = arg.substring(equals + 1);
            } else if (setting.isSwitch()) {
                text = off ? "off" : "on";
            } else if (i + 1 < args.size()) {
                text = args.get(++i);
            } else {
                throw new SettingException(flag + " needs a value");
            }
            add(said, setting, text, "flag " + flag);
        }
        return said;
    }

    private static Map<String, Said> readEnvironment(Map<String, Setting<?>> known, Map<String, String> environment)
            throws SettingException {
        Map<String, Setting<?>> byVariable = new TreeMap<>();
        known.values().forEach(setting -> byVariable.put(setting.variable(), setting));
        Map<String, Said> said = new LinkedHashMap<>();
        for (var variable : new TreeMap<>(environment).entrySet()) {
            String name = variable.getKey();
            if (!Setting.isVariable(name) || FOR_SCRIPTS.contains(name)) {
                continue;
            }
            Setting<?> setting = byVariable.get(name);
            if (setting == null) {
                throw new SettingException("unknown variable " + name + " in the environment"
                        + nearest("", name, byVariable));
            }
            for (String text : setting.repeatable() ? variable.getValue().split(";") : new String[] {
                    variable.getValue()}) {
                if (!text.isBlank() || !setting.repeatable()) {
                    add(said, setting, text, "environment " + name);
                }
            }
        }
        return said;
    }

    private static Map<String, Said> readFile(Map<String, Setting<?>> known, Value named, Path directory)
            throws SettingException {
        Map<String, Said> said = new LinkedHashMap<>();
        String name = named == null ? FILE : (String) named.value();
        Path file = directory.resolve(name);
        if (named == null && Files.notExists(file)) {
            return said;
        }
        int number = 0;
        for (String line : lines(file)) {
            number++;
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            String place = name + ", line " + number;
            int equals = text.indexOf('=');
            String key = (equals < 0 ? text : text.substring(0, equals)).strip();
            Setting<?> setting = known.get(key);
            if (CONFIG.equals(setting)) {
                throw new SettingException(key + " cannot stand in the file that it names, in " + place);
            }
            if (setting == null) {
                throw new SettingException("unknown setting " + key + " in " + place + nearest("", key, known));
            }
            if (equals < 0) {
                throw new SettingException(key + " needs = and a value, in " + place);
            }
            add(said, setting, text.substring(equals + 1), place);
        }
        return said;
    }

    private static List<String> lines(Path file) throws SettingException {
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw new SettingException("the file " + file + " is longer than " + FILE_BYTES_MAX + " bytes");
            }
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new SettingException("cannot read the settings in " + file + ": "
                    + e.getClass().getSimpleName().replaceAll("Exception$", ""));
        }
    }

    private static void add(Map<String, Said> said, Setting<?> setting, String text, String place)
            throws SettingException {
        List<String> texts = said.getOrDefault(setting.name(), new Said()).texts();
        texts.add(text.strip());
        said.put(setting.name(), new Said(texts, place));
        // checked one by one, so that the message names the right line
        parse(setting, List.of(text.strip()), place);
    }

    private static void parse(Map<String, Setting<?>> known, Map<String, Said> said, Map<String, Value> to)
            throws SettingException {
        for (var entry : said.entrySet()) {
            Said what = entry.getValue();
            Object value = parse(known.get(entry.getKey()), what.texts(), what.place());
            to.put(entry.getKey(), new Value(value, what.place()));
        }
    }

    private static Object parse(Setting<?> setting, List<String> texts, String place) throws SettingException {
        try {
            return setting.parse(texts);
        } catch (IllegalArgumentException e) {
            boolean flag = place.startsWith("flag ");
            String message = setting.secret() ? "has a value of the wrong form" : e.getMessage();
            throw new SettingException((flag ? setting.flag() : setting.name()) + " " + message
                    + (flag ? "" : ", in " + place));
        }
    }

    /** Suggests the known name with the fewest changed letters, if it is near enough to be meant. */
    private static String nearest(String prefix, String name, Map<String, Setting<?>> known) {
        String best = null;
        int least = 1 + name.length() / 3;
        for (String candidate : known.keySet()) {
            for (String form : List.of(prefix + candidate, prefix + "no-" + candidate)) {
                int distance = distance(name, form);
                if (distance < least && (form.equals(prefix + candidate) || known.get(candidate).isSwitch())) {
                    least = distance;
                    best = form;
                }
            }
        }
        return best == null ? "" : "; the nearest that exists is " + best;
    }

    /** The Levenshtein distance: the least number of letters to insert, remove or replace. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
