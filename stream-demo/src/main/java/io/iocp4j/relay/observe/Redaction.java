package io.iocp4j.relay.observe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shortens secrets in a line of the log, as the last of several barriers: values of parameters such as {@code token} in
 * an address, and credentials of the field Authorization. Their first characters stay, so that an operator can tell
 * which one it was. Pure.
 */
final class Redaction {
    /** The number of characters that stay. */
    static final int SHOWN = 4;

    // the repetitions exclude the character that follows them, so the match never backtracks
    private static final Pattern PARAMETER = Pattern.compile("(?i)\\b((?:access_|relay_)?(?:token|key|sig|signature"
            + "|secret|password|pass)[\"']?\\s{0,3}[=:]\\s{0,3}[\"']?)([^&\\s\"'#,;}]{5,})");
    private static final Pattern CREDENTIALS =
            Pattern.compile("(?i)\\b((?:Bearer|Basic)\\s{1,3})([A-Za-z0-9._~+/=-]{5,})");

    private Redaction() {
    }

    static String of(String text) {
        if (text.indexOf('=') < 0 && text.indexOf(':') < 0 && text.indexOf(' ') < 0) {
            return text;
        }
        return shorten(CREDENTIALS, shorten(PARAMETER, text));
    }

    private static String shorten(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return !matcher.find() ? text : matcher.replaceAll(found -> Matcher.quoteReplacement(
                found.group(1) + found.group(2).substring(0, SHOWN) + "..."));
    }
}
