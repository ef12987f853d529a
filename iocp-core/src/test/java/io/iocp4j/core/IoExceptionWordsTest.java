package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The words for operations in exceptions")
class IoExceptionWordsTest {
    /** A call that makes one, up to the end of its statement; or a declaration, up to its body. */
    private static final Pattern CALL =
            Pattern.compile("(?:new IoException|\\bioException|\\bfailure|\\baborted)\\(([^;{]*)");
    /** A word among its arguments: alone, or before the name of an option. */
    private static final Pattern WORD = Pattern.compile("\"([a-z]+)(?:\"\\s*[,:)]| \" \\+ option)");

    private static Set<String> words(String source) {
        Set<String> words = new TreeSet<>();
        for (Matcher call = CALL.matcher(source); call.find();) {
            for (Matcher word = WORD.matcher(withoutCalls(call.group(1))); word.find();) {
                words.add(word.group(1));
            }
        }
        return words;
    }

    /** What stands in brackets are the arguments of others. */
    private static String withoutCalls(String arguments) {
        String before = null;
        String left = arguments;
        while (!left.equals(before)) {
            before = left;
            left = left.replaceAll("\\([^()]*\\)", "");
        }
        return left;
    }

    private static List<Path> sources() throws IOException {
        Path root = Path.of("").toAbsolutePath().getParent();
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(path -> path.toString().replace('\\', '/').matches(".*/src/main/.*\\.java")).toList();
        }
    }

    @Test
    @DisplayName("are those of the list, in all engines and all layers, and each is used")
    void used() throws IOException {
        Set<String> used = new TreeSet<>();
        for (Path source : sources()) {
            used.addAll(words(Files.readString(source)));
        }
        assertEquals(new TreeSet<>(IoException.OPERATIONS), used);
    }

    @Test
    @DisplayName("are all described")
    void described() throws IOException {
        String text = Files.readString(sources().stream().filter(path -> path.endsWith("IoException.java")).findAny()
                .orElseThrow());
        for (String word : IoException.OPERATIONS) {
            assertTrue(text.contains("<b>" + word + "</b>"), word);
        }
    }

    @Test
    @DisplayName("are found where they stand")
    void found() {
        assertEquals(Set.of("bind"), words("throw new IoException(IoError.of(e), \"bind\", asked, null, e);"));
        assertEquals(Set.of("option"),
                words("throw failure(\"option \" + option.name(), WinError.ofCode(\"setsockopt\", -r), local, "
                + "remote);"));
        assertEquals(Set.of("connect", "handshake"),
                words("return new IoException(error, open ? \"connect\" : \"handshake\", local,\n remote, new "
                + "Exception(\"no text\"));"));
    }
}
