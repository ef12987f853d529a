package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import jdk.jfr.FlightRecorder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The classes that are loaded early")
class EarlyClassesTest {
    /** Kept: a logger that nobody refers to forgets its level. */
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");

    /** Says what it has loaded. */
    private static final class Loader extends URLClassLoader {
        Loader(Path folder) throws IOException {
            super(new URL[] {folder.toUri().toURL()}, null);
        }

        boolean hasLoaded(String name) {
            return findLoadedClass(name) != null;
        }
    }

    private static byte[] emptyClass(String name) {
        return ClassFile.of().build(ClassDesc.of("early", name), builder -> { });
    }

    @Test
    @DisplayName("are all of a package; where that failed once, it is tried again")
    void again(@TempDir Path folder) throws Exception {
        Path early = Files.createDirectory(folder.resolve("early"));
        Files.write(early.resolve("One.class"), emptyClass("One"));
        // what a loader sees that has no descriptor left
        Files.write(early.resolve("Two.class"), new byte[0]);
        Level before = quiet.getLevel();
        quiet.setLevel(Level.OFF);
        try (Loader loader = new Loader(folder)) {
            Class<?> member = loader.loadClass("early.One");
            EarlyClasses.loadPackageOf(member);
            assertFalse(loader.hasLoaded("early.Two"));
            Files.write(early.resolve("Two.class"), emptyClass("Two"));
            EarlyClasses.loadPackageOf(member);
            assertTrue(loader.hasLoaded("early.Two"));
        } finally {
            quiet.setLevel(before);
        }
    }

    @Test
    @DisplayName("have all events of the flight recorder among them when a port is open: the recorder knows them")
    void events() throws Exception {
        CompletionPort.open().close();
        assertEquals(FlightEvents.class.getDeclaredClasses().length, FlightRecorder.getFlightRecorder().getEventTypes()
                .stream().filter(type -> type.getName().startsWith("io.iocp4j.core.")).count());
    }
}
