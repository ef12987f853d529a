package io.iocp4j.core;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.System.Logger.Level;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Loads classes early that would otherwise be loaded only when something has gone wrong. Loading a class from a folder
 * takes a descriptor, and so does the time zone of the first log line. If no descriptor is left, the class is not
 * found. The virtual machine remembers that, so the code that needs the class stays broken as long as the process runs.
 * Classes in a jar need no descriptor, since the jar is open.
 *
 * <p>Done once for each package, when the first port is opened: about a hundred classes, some ten milliseconds.
 *
 * <p>For the modules of this library.
 */
public final class EarlyClasses {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);
    private static final String SUFFIX = ".class";
    private static final Set<String> LOADED = ConcurrentHashMap.newKeySet();

    static {
        prepareLogging();
    }

    private EarlyClasses() {
    }

    /**
     * Loads all classes of the folder that this one comes from, unless that was done before. A class that cannot be
     * found fails later where it is needed; the next call tries again.
     *
     * @param member one of them
     */
    public static void loadPackageOf(Class<?> member) {
        if (!LOADED.contains(member.getPackageName())) {
            try {
                Path folder = folder(member);
                if (folder != null) {
                    for (String name : names(folder)) {
                        load(member.getPackageName() + "." + name, member.getClassLoader());
                    }
                }
                LOADED.add(member.getPackageName());
            } catch (IOException | URISyntaxException | ReflectiveOperationException | RuntimeException
                    | LinkageError e) {
                LOG.log(Level.WARNING, () -> "not all classes of " + member.getPackageName() + " could be loaded", e);
            }
        }
    }

    /** Leaves out a class that extends one of an optional module which is not there. */
    private static void load(String name, ClassLoader loader) throws ClassNotFoundException {
        try {
            Class.forName(name, false, loader);
        } catch (NoClassDefFoundError e) {
            if (loader == null || loader.getResource(e.getMessage() + ".class") != null) {
                throw e;
            }
            LOG.log(Level.DEBUG, () -> name + " is not loaded: there is no " + e.getMessage());
        }
    }

    /**
     * Initializes events of the flight recorder. This takes much time and memory, and the virtual machine tries it only
     * once. So it must not happen first when a connection is accepted or when memory is short.
     *
     * @param events their classes
     */
    public static void initialize(Class<?>... events) {
        for (Class<?> event : events) {
            try {
                Class.forName(event.getName(), true, event.getClassLoader());
            } catch (ReflectiveOperationException | LinkageError e) {
                LOG.log(Level.WARNING, () -> "an event of the flight recorder cannot be told: " + event.getName(), e);
            }
        }
    }

    /** Returns the folder of a class; null if the class comes from a jar or is part of the Java runtime. */
    private static Path folder(Class<?> member) throws URISyntaxException {
        CodeSource source = member.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null || !source.getLocation().getProtocol().equals("file")) {
            return null;
        }
        Path folder = Path.of(source.getLocation().toURI()).resolve(member.getPackageName().replace('.', '/'));
        return Files.isDirectory(folder) ? folder : null;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length())).toList();
        }
    }

    /**
     * Loads the classes that the first log line with an exception needs: those of the logger, and of a date with its
     * time zone.
     */
    private static void prepareLogging() {
        try (PrintWriter nowhere = new PrintWriter(Writer.nullWriter())) {
            LOG.isLoggable(Level.WARNING);
            nowhere.print(new IoException(IoError.NO_DESCRIPTORS, "accept", null, null, new IOException("prepared")));
            nowhere.printf("%1$tb %1$td, %1$tY %1$tl:%1$tM:%1$tS %1$Tp %1$tZ %1$tF%n", ZonedDateTime.now());
        } catch (RuntimeException | LinkageError e) {
            LOG.log(Level.DEBUG, "the first log line may need more than there will be", e);
        }
    }
}
