package io.iocp4j.core;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/**
 * Prints where every thread stands when a test has run out of its time, virtual threads too, which JUnit's own dump
 * leaves out. Found by JUnit by itself, as {@link LeakCheck}; the time is set in junit-platform.properties, for all
 * tests of all modules.
 */
public final class HangDump implements PreInterruptCallback {
    /** Called by JUnit. */
    public HangDump() {
    }

    @Override
    public void beforeThreadInterrupt(PreInterruptContext context, ExtensionContext test) throws IOException {
        System.out.println(test.getUniqueId() + " has run out of its time, in " + context.getThreadToInterrupt());
        System.out.println(threads());
    }

    /**
     * Name and stack of every thread.
     *
     * @return virtual threads too
     * @throws IOException if there is no room for a file
     */
    public static String threads() throws IOException {
        Path directory = Files.createTempDirectory("iocp4j-threads");
        Path file = directory.resolve("dump.txt");
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpThreads(file.toString(),
                    HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
            return Files.readString(file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }
}
