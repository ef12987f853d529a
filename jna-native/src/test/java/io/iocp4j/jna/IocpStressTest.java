package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Native;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortStress;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("IocpPort loses nothing and frees nothing too early on Windows")
@EnabledOnOs(value = OS.WINDOWS, disabledReason = "the completion port of Windows itself")
class IocpStressTest extends PortStress {
    private static final int SYNCHRONIZE = 0x100000;
    private static final int DEADLINE_MILLIS = 60_000;

    /** Functions of kernel32, with the names that they have there. */
    private static final class SystemThread {
        static {
            Native.register(SystemThread.class, "kernel32");
        }

        private SystemThread() {
        }

        static native int GetCurrentThreadId();

        static native long OpenThread(int access, int inherit, int id);

        static native int WaitForSingleObject(long handle, int millis);

        static native int CloseHandle(long handle);
    }

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(workers).engine("iocp"));
    }

    @Override
    protected int races() {
        return Integer.getInteger("iocp4j.races", 5_000);
    }

    /**
     * Waits for the system's thread too. Java's join returns while that thread still ends, and under Wine an operation
     * that completes just then is lost.
     */
    @Override
    protected void runInThread(Runnable task) throws InterruptedException {
        AtomicLong thread = new AtomicLong();
        super.runInThread(() -> {
            thread.set(SystemThread.OpenThread(SYNCHRONIZE, 0, SystemThread.GetCurrentThreadId()));
            task.run();
        });
        assertEquals(0, SystemThread.WaitForSingleObject(thread.get(), DEADLINE_MILLIS));
        SystemThread.CloseHandle(thread.get());
    }
}
