package io.iocp4j.core;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The engines on which each row of {@link Shows} was shown in this JVM. A row counts for an engine if its test has
 * passed and has opened a port on that engine through {@link CompletionPort#open}, in this process. The rows are in one
 * system property for each engine, which is {@link #PROPERTY} and its name. JUnit's reports contain the properties, so
 * {@link Coverage} finds the rows there. Found by JUnit, see META-INF/services.
 *
 * <p>If tests run at the same time, a row may also count for the engine of another test.
 */
public final class ShownOn implements BeforeAllCallback, AfterTestExecutionCallback, AfterEachCallback {
    /** Begins the name of a property, whose value has the rows, with commas between. */
    static final String PROPERTY = "iocp4j.shown.";

    private static final Set<String> OPENED = ConcurrentHashMap.newKeySet();
    private static final Map<String, Set<String>> ROWS = new ConcurrentHashMap<>();
    /** Referred to here, because a logger without a reference is collected, with its level and filter. */
    private static final Logger LOG = Logger.getLogger(CompletionPort.class.getName());

    static {
        Filter before = LOG.getFilter();
        // the lines of a port that opens go no further, so no test depends on this class
        LOG.setFilter(line -> line.getLevel().intValue() <= Level.FINE.intValue() ? note(line)
                : before == null || before.isLoggable(line));
        LOG.setLevel(Level.FINE);
    }

    /** Called by JUnit. */
    public ShownOn() {
    }

    private static boolean note(LogRecord line) {
        if (line.getMessage().startsWith("a port was opened")) {
            opened((String) line.getParameters()[0]);
        }
        return false;
    }

    /**
     * Notes that a port was opened. For fixtures that make a port themselves.
     *
     * @param engine its name, in lower case
     */
    public static void opened(String engine) {
        OPENED.add(engine);
    }

    /** Whether the test that runs has opened a port on an engine. */
    static boolean isOpened(String engine) {
        return OPENED.contains(engine);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        OPENED.clear();
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        Shows shows = context.getRequiredTestMethod().getAnnotation(Shows.class);
        if (shows == null || context.getExecutionException().isPresent()) {
            return;
        }
        String system = System.getProperty("os.name").startsWith("Windows") ? "-windows" : "";
        for (String engine : OPENED) {
            Set<String> rows = ROWS.computeIfAbsent(engine + system, name -> new TreeSet<>());
            synchronized (rows) {
                rows.addAll(Set.of(shows.value()));
                System.setProperty(PROPERTY + engine + system, String.join(",", rows));
            }
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        OPENED.clear();
    }
}
