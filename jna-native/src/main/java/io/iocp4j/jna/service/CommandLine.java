package io.iocp4j.jna.service;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Makes one line of a program and its arguments, which the C runtime of Windows, and so Java, splits again in the same
 * way (Microsoft, "Parsing C command-line arguments").
 */
final class CommandLine {
    private CommandLine() {
    }

    static String of(List<String> arguments) {
        return arguments.stream().map(CommandLine::quote).collect(Collectors.joining(" "));
    }

    /** Backslashes count only before a quote: each of them is doubled there, and the quote gets one of its own. */
    private static String quote(String argument) {
        if (!argument.isEmpty() && argument.chars().noneMatch(c -> c == ' ' || c == '\t' || c == '"')) {
            return argument;
        }
        StringBuilder quoted = new StringBuilder("\"");
        int backslashes = 0;
        for (char c : argument.toCharArray()) {
            if (c == '"') {
                quoted.repeat('\\', backslashes + 1);
            }
            backslashes = c == '\\' ? backslashes + 1 : 0;
            quoted.append(c);
        }
        return quoted.repeat('\\', backslashes).append('"').toString();
    }
}
