package io.iocp4j.relay.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A setting: what the operator may choose, and what holds if he does not. Declare each one once, as a constant.
 * {@code max-viewers} is {@code --max-viewers} on the command line, {@code RELAY_MAX_VIEWERS} in the environment and
 * {@code max-viewers = } in the file. Immutable. Any thread.
 *
 * @param name small letters, digits and hyphens
 * @param takes reads a value and shows it; null never
 * @param standard the default; may be null if that means "not set"
 * @param group the heading under which the help lists it
 * @param help one sentence without a full stop, in the imperative; the help wraps it
 * @param reloadable whether a new value holds without a restart
 * @param secret whether the value is masked where settings are shown
 * @param repeatable whether it may be given several times; its value is then a list
 * @param <T> the type of the value
 */
public record Setting<T>(String name, Takes<T> takes, T standard, String group, String help, boolean reloadable,
        boolean secret, boolean repeatable) {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
    private static final String ENVIRONMENT_PREFIX = "RELAY_";

    /** Checks the name, and for null. */
    public Setting {
        if (!NAME.matcher(name).matches() || name.startsWith("no-")) {
            throw new IllegalArgumentException("not a name of a setting: " + name);
        }
        Objects.requireNonNull(takes);
        Objects.requireNonNull(group);
        Objects.requireNonNull(help);
    }

    /**
     * Declares a setting with one value.
     *
     * @param name small letters, digits and hyphens
     * @param takes reads a value
     * @param standard the default; null for "not set"
     * @param group the heading in the help
     * @param help one sentence without a full stop
     * @param <T> the type of the value
     * @return a setting that needs a restart and is no secret
     */
    public static <T> Setting<T> of(String name, Takes<T> takes, T standard, String group, String help) {
        return new Setting<>(name, takes, standard, group, help, false, false, false);
    }

    /**
     * Declares a setting that may be given several times. A flag or a line of the file gives one value each; a variable
     * of the environment separates them with semicolons. The values of a stronger source replace those of a weaker one.
     *
     * @param name small letters, digits and hyphens
     * @param each reads one value
     * @param group the heading in the help
     * @param help one sentence without a full stop
     * @param <E> the type of one value
     * @return a setting that is an empty list by default, needs a restart and is no secret
     */
    public static <E> Setting<List<E>> list(String name, Takes<E> each, String group, String help) {
        Takes<List<E>> all = new Takes<>(each.word(), text -> List.of(each.parse(text)),
                list -> String.join("; ", list.stream().map(each::show).toList()));
        return new Setting<>(name, all, List.of(), group, help, false, false, true);
    }

    /**
     * Declares that a new value holds without a restart.
     *
     * @return a copy
     */
    public Setting<T> whileRunning() {
        return new Setting<>(name, takes, standard, group, help, true, secret, repeatable);
    }

    /**
     * Declares that the value must not be shown.
     *
     * @return a copy
     */
    public Setting<T> hidden() {
        return new Setting<>(name, takes, standard, group, help, reloadable, true, repeatable);
    }

    /**
     * Returns the flag of the command line.
     *
     * @return such as {@code --max-viewers}
     */
    public String flag() {
        return "--" + name;
    }

    /**
     * Returns the variable of the environment.
     *
     * @return such as {@code RELAY_MAX_VIEWERS}
     */
    public String variable() {
        return ENVIRONMENT_PREFIX + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /** Tells whether a name in the environment is meant for this program. */
    static boolean isVariable(String name) {
        return name.startsWith(ENVIRONMENT_PREFIX);
    }

    /** Tells whether the flag stands alone: {@code --name} is on, {@code --no-name} is off. */
    boolean isSwitch() {
        return takes.isSwitch();
    }

    /** Reads the value of one source. Its last text counts, or all of them if the setting is repeatable. */
    @SuppressWarnings("unchecked") // a repeatable setting is made by list() only, and its value is a list
    T parse(List<String> texts) {
        if (!repeatable) {
            return takes.parse(texts.getLast());
        }
        List<Object> all = new ArrayList<>();
        texts.forEach(text -> all.addAll((List<Object>) takes.parse(text)));
        return (T) List.copyOf(all);
    }

    /** Shows a value, or that it is not set, or that it is a secret. */
    String show(T value) {
        if (value == null || value instanceof List<?> list && list.isEmpty()) {
            return "";
        }
        String text = takes.show(value);
        return secret && !text.isEmpty() ? "********" : text;
    }

    /** Settings with the same name are equal: a program has one of each name. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Setting<?> setting && setting.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return flag();
    }
}
