package io.iocp4j.relay.access;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.config.Takes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** The commands that make links, tokens and hashes. They print lines and start nothing. */
public final class AccessCommands {
    private static final String LINK = "Link";
    private static final int PASSWORD_MIN = 8;

    /** The stream of a link. */
    public static final Setting<String> PATH = Setting.of("path", Takes.text("PATH"), null, LINK,
            "the stream, such as cam1");
    /** The time that a link holds. */
    public static final Setting<Duration> FOR = Setting.of("for",
            Takes.time(Duration.ofSeconds(1), Duration.ofDays(3_650)), Duration.ofHours(1), LINK,
            "the time that the link holds, from now on");
    /** How many may watch with a link at once. */
    public static final Setting<Integer> MAX = Setting.of("max", Takes.number(0, 1_000_000), 0, LINK,
            "how many may watch with it at once; 0 for any number");
    /** What a link allows. */
    public static final Setting<String> ACTION = Setting.of("action", Takes.oneOf("view", "publish"), "view", LINK,
            "what the link allows");
    /** The settings of the command that signs. */
    public static final List<Setting<?>> SIGN = List.of(PATH, FOR, MAX, ACTION);

    private AccessCommands() {
    }

    /**
     * Signs a link with the first key.
     *
     * @param settings those of {@link AccessSettings} and {@link #SIGN}
     * @param root the address of the relay, if the settings have no public one; ends with a slash
     * @param clock the time of day
     * @return the link
     * @throws IllegalArgumentException if there is no key or no path
     */
    public static String sign(Settings settings, String root, InstantSource clock) {
        List<NamedSecret> keys = settings.get(AccessSettings.LINK_KEY);
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("a link needs a key: --link-key NAME:KEY; relay token NAME makes one");
        }
        String path = settings.get(PATH);
        if (path == null) {
            throw new IllegalArgumentException("a link needs a stream: --path PATH");
        }
        PublicUrl seen = settings.get(AccessSettings.PUBLIC_URL);
        Action action = Action.of(settings.get(ACTION));
        long exp = clock.instant().plus(settings.get(FOR)).getEpochSecond();
        SignedLink link = SignedLink.sign(keys.getFirst(), action, path, exp, 0, settings.get(MAX));
        return (seen == null ? root : seen.toString()) + (action == Action.VIEW ? "watch/" : "publish/") + path + "?"
                + link.query();
    }

    /**
     * Makes a token, or the key of links.
     *
     * @param name its name
     * @return a line for the file of settings, without the name of the setting
     * @throws IllegalArgumentException if the name has other characters than letters, digits, hyphens, dots and
     *     underscores
     */
    public static String token(String name) {
        return NamedSecret.parse(name + ":" + TokenFile.random(new SecureRandom())).form();
    }

    /**
     * Hashes a password.
     *
     * @param name of the user
     * @param password its first line is the password
     * @return a line for the file of settings, without the name of the setting
     * @throws IllegalArgumentException if the password is shorter than 8 characters, or the name is malformed
     * @throws IOException if the password cannot be read
     */
    public static String password(String name, Reader password) throws IOException {
        String line = new BufferedReader(password).readLine();
        if (line == null || line.length() < PASSWORD_MIN) {
            throw new IllegalArgumentException("a password needs at least " + PASSWORD_MIN + " characters");
        }
        return NamedSecret.split(name + ":" + PasswordHash.of(line, new SecureRandom())).form();
    }
}
