package io.iocp4j.relay.access;

import io.iocp4j.relay.config.Settings;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The known tokens, users and keys with their rules: the part of the settings that a reload replaces. Immutable. Any
 * thread.
 *
 * @param rules never empty, unless a service is asked
 * @param tokens the tokens
 * @param users the hashes of the passwords, by user
 * @param linkKeys the keys of links, by name; the first one signs
 * @param failuresMax how often an address may fail in ten seconds
 */
record Policy(List<AllowRule> rules, Digests tokens, Map<String, PasswordHash> users, Map<String, NamedSecret> linkKeys,
        int failuresMax) {
    /**
     * Makes a policy.
     *
     * @param networked whether others than this machine can reach the relay, perhaps through a proxy
     * @param made the token of the first start, or null
     * @throws IllegalArgumentException if a rule names somebody unknown, or two have the same name
     */
    static Policy of(Settings settings, boolean networked, TokenFile made) {
        List<NamedSecret> tokens = new ArrayList<>(settings.get(AccessSettings.TOKEN));
        if (made != null) {
            tokens.add(new NamedSecret(TokenFile.NAME, made.token()));
        }
        Set<String> names = new HashSet<>();
        for (NamedSecret secret : tokens) {
            requireNew(names, secret);
        }
        for (NamedSecret secret : settings.get(AccessSettings.USER)) {
            requireNew(names, secret);
        }
        List<AllowRule> rules = settings.get(AccessSettings.ALLOW);
        for (AllowRule rule : rules) {
            if (!rule.who().equals(AllowRule.ANYONE) && !names.contains(rule.who())) {
                throw new IllegalArgumentException("--allow \"" + rule + "\": there is no token or user called "
                        + rule.who());
            }
        }
        if (rules.isEmpty() && settings.get(AccessSettings.AUTH_URL) == null) {
            rules = defaultRules(networked, names);
        }
        Set<String> keys = new HashSet<>();
        settings.get(AccessSettings.LINK_KEY).forEach(key -> requireNew(keys, key));
        return new Policy(List.copyOf(rules), new Digests(tokens),
                Digests.byName(settings.get(AccessSettings.USER), user -> PasswordHash.parse(user.secret())),
                Digests.byName(settings.get(AccessSettings.LINK_KEY), key -> key),
                settings.get(AccessSettings.LOGIN_FAILURES));
    }

    private static void requireNew(Set<String> names, NamedSecret secret) {
        if (!names.add(secret.name())) {
            throw new IllegalArgumentException("two tokens, users or keys are called " + secret.name());
        }
    }

    private static List<AllowRule> defaultRules(boolean networked, Set<String> names) {
        if (!networked && names.isEmpty()) {
            return List.of(AllowRule.everything(AllowRule.ANYONE));
        }
        List<AllowRule> rules = new ArrayList<>();
        rules.add(AllowRule.parse(AllowRule.ANYONE + " view /"));
        names.stream().sorted().map(AllowRule::everything).forEach(rules::add);
        return rules;
    }

    /** Tells whether nobody is named who could log in, so that the first start makes a token. */
    static boolean needsToken(Settings settings, boolean networked) {
        return networked && settings.get(AccessSettings.ALLOW).isEmpty() && settings.get(AccessSettings.TOKEN).isEmpty()
                && settings.get(AccessSettings.USER).isEmpty() && settings.get(AccessSettings.AUTH_URL) == null;
    }

    boolean allows(String who, Action action, String path, InetAddress client) {
        return rules.stream().anyMatch(rule -> rule.allows(who, action, path, client));
    }
}
