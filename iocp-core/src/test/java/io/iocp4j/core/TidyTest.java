package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The sources of all modules are tidy")
class TidyTest {
    /** What may not stand in a source, where, and what stands there instead. */
    private record Rule(Pattern banned, Pattern where, String instead) {
        Rule(String banned, String where, String instead) {
            this(Pattern.compile(banned), Pattern.compile(where), instead);
        }

        boolean breaks(Path file, String line) {
            return banned.matcher(line).find() && where.matcher(file.toString().replace('\\', '/')).find();
        }
    }

    private static final String ANYWHERE = "\\.java$";
    private static final String MAIN = "/src/main/.*\\.java$";

    private static final List<Rule> RULES = List.of(
            new Rule("Thread\\.sleep\\(|parkNanos\\(|onSpinWait\\(", ANYWHERE,
            "a latch with a deadline, or the port's timer"),
            new Rule("printStackTrace\\(", ANYWHERE, "System.Logger"),
            new Rule("System\\.(out|err)", "/src/main/(?!.*/(Main|bench/.*)\\.java).*\\.java$", "System.Logger"),
            new Rule("System\\.getLogger\\(", "^(?!.*(/stream-demo/|/bench/|GuardedLog)).*/src/main/.*\\.java$",
                    "GuardedLog: a logger may throw"),
            new Rule("new (Splittable)?Random\\(\\)", ANYWHERE, "a seed that the test prints"),
            new Rule("currentTimeMillis", ANYWHERE, "System.nanoTime for durations, java.time.Clock for dates"),
            new Rule("TO" + "DO|FIX" + "ME|@Disab" + "led", ANYWHERE, "the work itself, or a line in README"),
            new Rule("catch *\\([^)]*\\) *\\{ *\\}", ANYWHERE, "handle it, count it, or throw it on"),
            new Rule("(class|interface|record|enum) \\w*(Manager|Helper|Utils?|Impl)\\b", ANYWHERE,
            "the noun that it is"),
            new Rule("sun\\.misc|setAccessible\\(", MAIN, "public API"),
            new Rule("\\bCleaner\\b|void finalize\\(", MAIN,
            "close() by the owner: a thread of the garbage collector must not wait"),
            new Rule("(first|all)\\(\"(Proxy-)?Authorization\"",
            "/src/main/(?!.*/access/Credentials\\.java).*\\.java$",
            "MessageDigest.isEqual, if credentials are compared: no answer before "
                    + "the last byte (CVE-2021-33880)"),
            new Rule("(DisplayName\\(|name = )\"([A-E]\\d+|CVE-)", ANYWHERE, "@Shows: names are sentences"),
            new Rule("\\t", ANYWHERE, "spaces"));

    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
    /** Packages have names in small letters, types do not. */
    private static final Pattern IMPORTED_PACKAGE =
            Pattern.compile("(?m)^import (?:static )?(io\\.iocp4j(?:\\.[a-z]\\w*)+)\\.[A-Z]");
    private static final Pattern PUBLIC_TYPE =
            Pattern.compile("(?m)^public (?:[a-z-]+ )*(?:class|interface|enum|record) (\\w+)");
    private static final Pattern LOGGER = Pattern.compile("new GuardedLog\\((\\w+)\\.class\\)");
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?[\\w.]+\\.(\\w+);$");
    /**
     * A text block, a string, a character, a comment to the end of its line, a comment with an end: whichever begins
     * first.
     */
    private static final Pattern NO_CODE =
            Pattern.compile("\"{3}[\\s\\S]*?\"{3}|\"[^\"\\\\\\n]*(?:\\\\.[^\"\\\\\\n]*)*\""
            + "|'(?:\\\\.|[^'\\\\\\n])+'|//[^\\n]*|/\\*[\\s\\S]*?\\*/");
    private static final Pattern REFERENCE =
    Pattern.compile("@(?:link|linkplain|see|throws|exception|value)\\s+([^\\s}]+(?:\\([^)]*\\))?)");

    /** A link to a file, or to a heading, or to both; not to another host. */
    private static final Pattern LINK = Pattern.compile("\\]\\((?!\\w+:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");

    @Test
    @Shows({"B11", "D19"})
    @DisplayName("nothing banned stands in them: no sleep, no spin, no close by the garbage collector")
    void nothingBanned() throws IOException {
        List<String> found = new ArrayList<>();
        List<Path> files = sources();
        for (Path file : files) {
            if (file.endsWith("TidyTest.java")) {
                continue;
            }
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                for (Rule rule : RULES) {
                    if (rule.breaks(file, lines.get(i))) {
                        found.add(file + ":" + (i + 1) + ": " + lines.get(i).strip() + " -> " + rule.instead);
                    }
                }
            }
        }
        assertTrue(files.size() > 50, "too few sources found: " + files.size());
        assertEquals(List.of(), found);
    }

    @Test
    @DisplayName("every rule finds what it is for")
    void rulesWork() {
        List<String> samples =
                List.of("Thread.sleep(1)", "e.printStackTrace()", "System.out.println()", "System.getLogger(name)",
                "new Random()",
                "System.currentTimeMillis()", "// TO" + "DO", "catch (IOException e) { }", "class ThingHelper",
                "f.setAccessible(true)",
                "Cleaner.create()", "headers.first(\"Authorization\")",
                "@Display" + "Name(\"B1", "\tint i;");
        for (int i = 0; i < RULES.size(); i++) {
            assertTrue(RULES.get(i).breaks(Path.of("m/src/main/java/A.java"), samples.get(i)), samples.get(i));
            assertFalse(RULES.get(i).breaks(Path.of("m/src/main/java/A.java"), "int i = 1;"));
        }
    }

    @Test
    @DisplayName("nothing is imported that is not used")
    void noUnusedImports() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path file : sources()) {
            unusedImports(Files.readString(file)).forEach(name -> found.add(file + ": " + name));
        }
        assertEquals(List.of(), found);
    }

    @Test
    @DisplayName("an import is used in code or in a reference of Javadoc, not in a string or in words")
    void unusedImportsAreFound() {
        String source = """
                package p;

                import static p.A.inString;
                import p.InWords;
                import p.InLine;
                import p.InLink;
                import p.InSignature;
                import p.InCode;
                import p.InCodeTo;
                import p.all.*;

                /** InWords, {@link InLink#get(InSignature)} and {@link #b}. */
                class A { // InLine
                    String a = "ws://" + 'x' + "\\"inString", b = InCode.text('"');
                    InCodeTo c;
                }
                """;
        assertEquals(List.of("inString", "InWords", "InLine"), unusedImports(source));
    }

    /** The simple names of imports that nothing in the source uses. */
    private static List<String> unusedImports(String source) {
        String code = NO_CODE.matcher(IMPORT.matcher(source).replaceAll("")).replaceAll(found -> {
            String text = found.group();
            // only Javadoc refers to names
            return text.startsWith("/**") ? Matcher.quoteReplacement(references(text)) : " ";
        });
        Set<String> words = Pattern.compile("\\w+").matcher(code).results().map(MatchResult::group)
                .collect(Collectors.toSet());
        return IMPORT.matcher(source).results().map(found -> found.group(1)).filter(name -> !words.contains(name))
                .toList();
    }

    private static String references(String comment) {
        return REFERENCE.matcher(comment).results().map(found -> found.group(1))
                .collect(Collectors.joining(" ", " ", " "));
    }

    /** Above this a source of main code is to be cut, unless most of it is Javadoc. */
    private static final int LINES_MAX = 400;
    /** Lines with code in a longer source: what is left of it is comments and blanks. */
    private static final int CODE_LINES_MAX = 300;

    @Test
    @DisplayName("no source of main code is longer than 400 lines, unless most of it is Javadoc")
    void notTooLong() throws IOException {
        Set<String> found = new TreeSet<>();
        for (Path file : mainSources()) {
            String source = Files.readString(file);
            if (source.lines().count() > LINES_MAX && codeLines(source) > CODE_LINES_MAX) {
                found.add(file.getFileName().toString());
            }
        }
        List<Path> scripts = files(".js").stream().filter(file -> file.toString().contains("src/main/")).toList();
        assertFalse(scripts.isEmpty());
        for (Path file : scripts) {
            if (Files.readAllLines(file).size() > LINES_MAX) {
                found.add(file.getFileName().toString());
            }
        }
        assertEquals(Set.of(), found, "to be cut");
    }

    private static final int COLUMNS_MAX = 120;

    @Test
    @DisplayName("no line of any source of any module is longer than 120 columns")
    void notTooWide() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path file : files(".java")) {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).length() > COLUMNS_MAX) {
                    found.add(file + ":" + (i + 1));
                }
            }
        }
        assertEquals(List.of(), found);
    }

    @Test
    @DisplayName("lines of code are those with more than comments and blanks")
    void codeLinesAreCounted() {
        assertEquals(4, codeLines("""
                /** A class.
                 *
                 * Of one line. */
                class A { // begins

                    String a = "/* no comment"; /* a comment
                    */
                    int b; /* two */ int c;
                    // nothing
                }
                """));
    }

    private static long codeLines(String source) {
        return NO_CODE.matcher(source).replaceAll(found -> {
            String text = found.group();
            // the lines that a comment takes are left, without anything in them
            return Matcher.quoteReplacement(text.startsWith("/") ? text.replaceAll(".", "") : text);
        }).lines().filter(line -> !line.isBlank()).count();
    }

    @Test
    @DisplayName("packages import one another without a circle, in all modules together")
    void packagesWithoutCircles() throws IOException {
        Map<String, Set<String>> imports = new TreeMap<>();
        for (Path file : mainSources()) {
            String source = Files.readString(file);
            Matcher name = PACKAGE.matcher(source);
            if (name.find()) {
                Set<String> targets = imports.computeIfAbsent(name.group(1), unused -> new TreeSet<>());
                IMPORTED_PACKAGE.matcher(source).results().map(found -> found.group(1))
                        .filter(target -> !target.equals(name.group(1))).forEach(targets::add);
            }
        }
        assertTrue(imports.size() > 7, "too few packages found: " + imports);
        assertEquals(Map.of(), circles(imports));
    }

    @Test
    @DisplayName("a circle of packages is found, and nothing else")
    void circlesAreFound() {
        assertEquals(Map.of("b", Set.of("c"), "c", Set.of("d"), "d", Set.of("b")),
                circles(new TreeMap<>(Map.of("a", Set.of("b"),
                "b", Set.of("c", "e"), "c", Set.of("d"), "d", Set.of("b"), "e", Set.of("f")))));
        Matcher matcher = IMPORTED_PACKAGE.matcher(
                "import static io.iocp4j.a.b.C.D;\nimport io.iocp4j.d.E.F;\nimport java.util.List;\n");
        assertEquals(List.of("io.iocp4j.a.b", "io.iocp4j.d"), matcher.results().map(found -> found.group(1)).toList());
    }

    /**
     * What is left of a graph when nodes without a way in, or without a way out, are taken away until there are none.
     */
    private static Map<String, Set<String>> circles(Map<String, Set<String>> graph) {
        Map<String, Set<String>> left = new TreeMap<>();
        Set<String> targets = graph.values().stream().flatMap(Set::stream).collect(Collectors.toSet());
        graph.forEach((node, next) -> {
            Set<String> known = new TreeSet<>(next);
            known.retainAll(graph.keySet());
            if (targets.contains(node) && !known.isEmpty()) {
                left.put(node, known);
            }
        });
        return left.equals(graph) ? left : circles(left);
    }

    @Test
    @DisplayName("what an application meets is in the description of the package: public types of the core, and names "
            + "of loggers")
    void describedInPackageInfo() throws IOException {
        List<String> missing = new ArrayList<>();
        for (String module : List.of("iocp-core", "jna-native")) {
            List<Path> sources = mainSources().stream().filter(file -> file.startsWith(root().resolve(module)))
                    .toList();
            StringBuilder described = new StringBuilder();
            for (Path file : sources) {
                described.append(file.endsWith("package-info.java") ? Files.readString(file) : "");
            }
            for (Path file : sources) {
                String source = Files.readString(file);
                Stream.concat(module.equals("iocp-core") ? PUBLIC_TYPE.matcher(source).results() : Stream.of(),
                        LOGGER.matcher(source).results())
                        .map(found -> found.group(1))
                        .filter(name -> !Pattern.compile("\\b" + name + "\\b").matcher(described).find())
                        .forEach(name -> missing.add(file + ": " + name));
            }
        }
        assertEquals(List.of(), missing);
    }

    @Test
    @DisplayName("each logger of the WebSocket module has the name of a public type, which a description of a package"
            + " lists")
    void loggersOfWebSocket() throws IOException {
        List<Path> sources = mainSources().stream()
                .filter(file -> file.startsWith(root().resolve("websocket"))).toList();
        Set<String> types = new HashSet<>();
        Set<String> loggers = new TreeSet<>();
        StringBuilder described = new StringBuilder();
        for (Path file : sources) {
            String source = Files.readString(file);
            PUBLIC_TYPE.matcher(source).results().forEach(found -> types.add(found.group(1)));
            LOGGER.matcher(source).results().forEach(found -> loggers.add(found.group(1)));
            if (file.endsWith("package-info.java")) {
                described.append(source);
            }
        }
        assertFalse(loggers.isEmpty());
        loggers.removeIf(name -> types.contains(name) && Pattern
                .compile("\\{@code io\\.iocp4j\\.websocket\\.(\\w+\\.)?" + name + "}").matcher(described).find());
        assertEquals(Set.of(), loggers);
    }

    @Test
    @DisplayName("the licence is in what each jar is made from, and no module says otherwise")
    void licence() throws IOException {
        String licence = Files.readString(root().resolve(".github/LICENSE"));
        assertEquals(licence, Files.readString(Path.of("target/classes/META-INF/LICENSE")));
        assertEquals(licence, Files.readString(Path.of("target/test-classes/META-INF/LICENSE")));
        try (Stream<Path> modules = Files.list(root())) {
            for (Path pom : modules.map(module -> module.resolve("pom.xml")).filter(Files::exists).toList()) {
                assertFalse(Files.readString(pom).contains("esources>"),
                        pom + " replaces the resources of the root pom");
            }
        }
    }

    @Test
    @DisplayName("each link of the documents leads to a file of the repository, and to a heading that is there")
    void links() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path document : files(".md")) {
            for (MatchResult link : LINK.matcher(Files.readString(document)).results().toList()) {
                links++;
                Path target = link.group(1).isEmpty() ? document : document.resolveSibling(link.group(1)).normalize();
                String heading = link.group(2);
                if (!Files.exists(target) || heading != null && !headings(target).contains(heading)) {
                    broken.add(document + ": " + link.group());
                }
            }
        }
        assertEquals(List.of(), broken);
        assertTrue(links > 10, "too few links found: " + links);
    }

    /** As they stand behind # in a link: in small letters, with a hyphen for each space. */
    private static List<String> headings(Path document) throws IOException {
        return Files.readAllLines(document).stream().filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT).replaceAll("[^\\w -]", "")
                .replace(' ', '-')).toList();
    }

    private static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }

    private static List<Path> sources() throws IOException {
        return files(".java").stream().filter(path -> path.toString().contains("src")).toList();
    }

    private static List<Path> mainSources() throws IOException {
        return sources().stream().filter(path -> path.toString().replace('\\', '/').contains("/src/main/")).toList();
    }

    private static List<Path> files(String end) throws IOException {
        try (Stream<Path> all = Files.walk(root())) {
            return all.filter(path -> path.toString().endsWith(end) && !path.toString().contains("target")).toList();
        }
    }
}
