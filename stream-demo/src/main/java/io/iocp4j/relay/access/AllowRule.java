package io.iocp4j.relay.access;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One rule: who may do what, on which paths, from where. Immutable. Any thread.
 *
 * @param who the name of a token or user, or {@value #ANYONE}
 * @param actions one or more
 * @param prefix whole names that a path begins with, such as {@code hall} for hall and hall/cam1; empty for all paths
 * @param from null for every address
 */
public record AllowRule(String who, Set<Action> actions, String prefix, Cidr from) {
    /** Everybody, with or without credentials. */
    public static final String ANYONE = "anyone";
    private static final String ALL = "all";

    /** Copies the set. */
    public AllowRule {
        actions = Set.copyOf(actions);
    }

    /**
     * Reads a rule.
     *
     * @param text who, actions separated by commas (or "all"), a path, and perhaps a block of addresses
     * @return the rule
     * @throws IllegalArgumentException if it is anything else; the message continues the name of a setting
     */
    public static AllowRule parse(String text) {
        List<String> words = List.of(text.strip().split("\\s+"));
        if (words.size() < 3 || words.size() > 4) {
            throw new IllegalArgumentException("needs WHO ACTION PATH [CIDR], such as \"anyone view /\", not " + text);
        }
        Set<Action> actions = words.get(1).equals(ALL) ? EnumSet.allOf(Action.class)
                : Arrays.stream(words.get(1).split(",")).map(Action::of).collect(Collectors.toSet());
        String prefix = words.get(2).replaceAll("^/+|/+$", "");
        return new AllowRule(words.get(0), actions, prefix, words.size() == 4 ? Cidr.parse(words.get(3)) : null);
    }

    static AllowRule everything(String who) {
        return new AllowRule(who, EnumSet.allOf(Action.class), "", null);
    }

    /** Tells whether somebody may do something. Whoever has a name also has what anyone has. */
    boolean allows(String name, Action action, String path, InetAddress client) {
        return (who.equals(name) || who.equals(ANYONE)) && actions.contains(action)
                && (prefix.isEmpty() || path.equals(prefix) || path.startsWith(prefix + "/"))
                && (from == null || from.contains(client));
    }

    /** Returns the form that {@link #parse} reads. */
    @Override
    public String toString() {
        String what = actions.size() == Action.values().length ? ALL
                : actions.stream().sorted().map(Action::word).collect(Collectors.joining(","));
        return who + " " + what + " /" + prefix + (from == null ? "" : " " + from);
    }
}
