package io.iocp4j.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * The table of rows that tests show: behaviours by {@code behaviours.md}, known flaws of others, security gates. A test
 * names its rows with {@link Shows}. A row that cannot be shown is listed in a file with the reason. The build runs
 * this after the tests. It fails for a row without a test, for a test of an unknown behaviour, and for a row that is
 * listed as impossible without a reason or beside a test.
 *
 * <p>A column for each engine says on which one the row was shown in that run, by the reports of the tests (see
 * {@link ShownOn}). A row without any has tests of code that uses no engine, in the simulator, or in another process.
 */
public final class Coverage {
    private static final Pattern RANGE = Pattern.compile("([A-E])([0-9]+)-\\1([0-9]+)");
    private static final Pattern CODE = Pattern.compile("[A-E][0-9]+");
    private static final Pattern BEHAVIOUR = Pattern.compile("(?m)^\\| ([A-E][0-9]+) \\| (.*?) \\|");
    private static final Pattern SHOWN =
            Pattern.compile("\"" + Pattern.quote(ShownOn.PROPERTY) + "([a-z-]+)\" value=\"([^\"]*)\"");
    private static final int TESTS_SHOWN = 2;

    private final Map<String, String> behaviours = behaviours();
    private final Set<String> rows;
    private final Map<String, List<String>> tests = new TreeMap<>();
    /** By the name of the engine. */
    private final Map<String, Set<String>> shownOn = new TreeMap<>();
    private final Map<String, String> impossible = new LinkedHashMap<>();
    private final List<String> mistakes = new ArrayList<>();

    Coverage(List<String> rows) {
        this.rows = new LinkedHashSet<>(rows);
        for (String row : rows) {
            if (CODE.matcher(row).matches() && !behaviours.containsKey(row)) {
                mistakes.add(row + " is no row of behaviours.md");
            }
        }
    }

    /** The rows of behaviours.md with what each says, in their order. */
    static Map<String, String> behaviours() {
        Map<String, String> table = new LinkedHashMap<>();
        try (InputStream in = Coverage.class.getResourceAsStream("behaviours.md")) {
            BEHAVIOUR.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8)).results()
                    .forEach(row -> table.put(row.group(1), row.group(2)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    /**
     * Prints the table of one module.
     *
     * @param args the directory of the compiled test classes, the path of the list of impossible rows in it, and the
     *        rows that must be there, by name or as ranges such as {@code B1-B18}
     * @throws IOException if the classes or the reports of their tests, in surefire-reports beside them, cannot be read
     */
    public static void main(String[] args) throws IOException {
        Coverage coverage = new Coverage(rows(Arrays.copyOfRange(args, 2, args.length)));
        Path classes = Path.of(args[0]);
        coverage.scan(classes);
        Path list = classes.resolve(args[1]);
        coverage.impossible(Files.exists(list) ? Files.readAllLines(list) : List.of());
        Path reports = classes.resolveSibling("surefire-reports");
        if (Files.exists(reports)) {
            coverage.readReports(reports);
        }
        if (!coverage.print(System.out)) {
            System.exit(1);
        }
    }

    /** The names of rows: the range "B1-B3" is three, everything else is a name. */
    static List<String> rows(String... namesAndRanges) {
        return Stream.of(namesAndRanges).flatMap(name -> {
            Matcher range = RANGE.matcher(name);
            return !range.matches() ? Stream.of(name)
                    : IntStream.rangeClosed(Integer.parseInt(range.group(2)), Integer.parseInt(range.group(3)))
                            .mapToObj(number -> range.group(1) + number);
        }).toList();
    }

    /** Looks at every class below the directory. */
    private void scan(Path classes) throws IOException {
        try (Stream<Path> files = Files.walk(classes)) {
            files.map(file -> classes.relativize(file).toString().replace(classes.getFileSystem().getSeparator(), "."))
                    .filter(name -> name.endsWith(".class") && !name.equals("module-info.class"))
                    // the samples of its own test are no tests
                    .filter(name -> !name.contains("CoverageTest$"))
                    .sorted()
                    .forEach(name -> scan(load(name.substring(0, name.length() - ".class".length()))));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Class<?> load(String name) {
        try {
            // not initialised: a fixture may open things
            return Class.forName(name, false, Coverage.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(name + " is not on the class path", e);
        }
    }

    /** Notes the rows that the tests of one class show. */
    void scan(Class<?> type) {
        for (Method method : type.getDeclaredMethods()) {
            Shows shows = method.getAnnotation(Shows.class);
            if (shows == null) {
                continue;
            }
            String test = type.getSimpleName() + "." + method.getName();
            if (!AnnotationSupport.isAnnotated(method, Testable.class)) {
                mistakes.add(test + " is no test, so it shows nothing");
                continue;
            }
            for (String row : shows.value()) {
                if (rows.contains(row)) {
                    tests.computeIfAbsent(row, shown -> new ArrayList<>()).add(test);
                } else if (!behaviours.containsKey(row)) {
                    // a behaviour that another module has to show may be shown here too
                    mistakes.add(test + " shows " + row + ", which is no row");
                }
            }
        }
    }

    /** Reads the list: the row, a space, the reason; empty lines and those that begin with # say nothing. */
    void impossible(List<String> lines) {
        for (String line : lines) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split("\\s+", 2);
            String row = parts[0];
            if (!rows.contains(row)) {
                mistakes.add(row + " is listed as impossible, but no row of this module");
            } else if (parts.length < 2) {
                mistakes.add(row + " is listed as impossible without a reason");
            } else if (impossible.put(row, parts[1]) != null) {
                mistakes.add(row + " is listed as impossible twice");
            } else if (tests.containsKey(row)) {
                mistakes.add(row + " is listed as impossible, but shown by " + String.join(", ", tests.get(row)));
            }
        }
    }

    /** Reads from every report in a directory which rows were shown on which engine. */
    void readReports(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(path -> path.getFileName().toString().matches("TEST-.*\\.xml")).toList()) {
                SHOWN.matcher(Files.readString(file)).results().forEach(property -> shownOn
                        .computeIfAbsent(property.group(1), engine -> new LinkedHashSet<>())
                        .addAll(List.of(property.group(2).split(","))));
            }
        }
    }

    /** The cells of one row, each as wide as the name of its engine. */
    private String engines(String row) {
        StringBuilder cells = new StringBuilder();
        shownOn.forEach((engine, shown) -> cells.append(shown.contains(row) ? engine : "-".repeat(engine.length()))
                .append("  "));
        return cells.toString();
    }

    /** Prints the table; false if something is missing or wrong. */
    boolean print(PrintStream out) {
        int missing = 0;
        int impossibleRows = 0;
        int width = rows.stream().mapToInt(String::length).max().orElse(0);
        for (String row : rows) {
            String text;
            if (tests.containsKey(row)) {
                text = shorten(tests.get(row).stream().distinct().toList());
            } else if (impossible.containsKey(row)) {
                impossibleRows++;
                text = "impossible here: " + impossible.get(row);
            } else {
                missing++;
                text = "MISSING";
            }
            out.printf("  %-" + width + "s  %s%s%n", row, engines(row), text);
        }
        shownOn.forEach((engine, shown) -> out.printf("Rows shown on %s in this run: %d%n", engine,
                rows.stream().filter(shown::contains).count()));
        mistakes.forEach(mistake -> out.println("  MISTAKE: " + mistake));
        out.printf("Rows that tests have to show: %d, of these %d shown by tests, %d impossible here, %d missing%n",
                rows.size(), rows.size() - impossibleRows - missing, impossibleRows, missing);
        return missing == 0 && mistakes.isEmpty();
    }

    private static String shorten(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(TESTS_SHOWN, names.size())));
        return names.size() > TESTS_SHOWN ? first + " and " + (names.size() - TESTS_SHOWN) + " more" : first;
    }
}
