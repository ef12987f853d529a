package io.iocp4j.jna.service;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.win32.StdCallLibrary.StdCallCallback;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.function.IntUnaryOperator;

/**
 * Makes the real calls by JNA's direct mapping, with only int and long, as the engine of this module does. Structures
 * are written by their offsets on Windows of 64 bits. Functions of the service manager are called back by the system;
 * their objects are kept here, because the system keeps only their address.
 */
final class JnaServiceApi implements ServiceApi {
    private static final int SERVICE_WIN32_OWN_PROCESS = 0x10;
    private static final int SERVICE_AUTO_START = 2;
    private static final int SERVICE_ERROR_NORMAL = 1;
    private static final int CONFIG_DESCRIPTION = 1;
    private static final int CONFIG_FAILURE_ACTIONS = 2;
    private static final int CONFIG_FAILURE_ACTIONS_FLAG = 4;
    private static final int SC_ACTION_RESTART = 1;
    private static final int RESTARTS = 3;
    private static final int ERROR_INVALID_LEVEL = 124;
    private static final int STATUS_BYTES = 28;
    private static final int STATUS_PROCESS_BYTES = 36;
    private static final int NOTIFY_VERSION = 2;
    private static final int NOTIFY_BYTES = 80;
    private static final int NOTIFY_STOPPED = 1;
    private static final int ALERTABLE = 1;

    /** SERVICE_MAIN_FUNCTIONW. Public, because JNA calls it by reflection. */
    public interface Main extends StdCallCallback {
        /**
         * Called once, on a thread of its own.
         *
         * @param count of the arguments of the start
         * @param arguments pointers to them
         */
        void callback(int count, Pointer arguments);
    }

    /** LPHANDLER_FUNCTION_EX. Public, because JNA calls it by reflection. */
    public interface Handler extends StdCallCallback {
        /**
         * Called for each control.
         *
         * @param control its code
         * @param type of the event, for some codes
         * @param data of the event, for some codes
         * @param context given at the registration
         * @return an error of the system, or 0
         */
        int callback(int control, int type, Pointer data, Pointer context);
    }

    /** PFN_SC_NOTIFY_CALLBACK. Public, because JNA calls it by reflection. */
    public interface Notice extends StdCallCallback {
        /**
         * Called within SleepEx.
         *
         * @param parameter the SERVICE_NOTIFY
         */
        void callback(Pointer parameter);
    }

    private static final class Loaded {
        static final JnaServiceApi API = new JnaServiceApi();
    }

    /** What the system may call, as long as the process runs. */
    private Main main;
    private Handler handler;
    private final Notice notice = parameter -> { };

    private JnaServiceApi() {
        Native.register(Advapi32.class, "advapi32");
        Native.register(Kernel32.class, "kernel32");
    }

    /**
     * Loads the libraries at the first call.
     *
     * @throws LinkageError if the libraries cannot be loaded; the message says which
     */
    static JnaServiceApi load() {
        return Loaded.API;
    }

    private static MemorySegment text(Arena arena, String text) {
        return arena.allocateFrom(text, StandardCharsets.UTF_16LE);
    }

    private static long address(Callback function) {
        return Pointer.nativeValue(CallbackReference.getFunctionPointer(function));
    }

    private static long ofHandle(long handle) {
        return handle != 0 ? handle : -Native.getLastError();
    }

    private static int ofBool(int result) {
        return result != 0 ? 0 : -Native.getLastError();
    }

    @Override
    public long openManager(int access) {
        return ofHandle(Advapi32.OpenSCManagerW(0, 0, access));
    }

    @Override
    public long create(long manager, String name, String displayName, String command, String account) {
        try (Arena arena = Arena.ofConfined()) {
            return ofHandle(Advapi32.CreateServiceW(manager, text(arena, name).address(),
                    text(arena, displayName).address(), SERVICE_CHANGE | SERVICE_START, SERVICE_WIN32_OWN_PROCESS,
                    SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, text(arena, command).address(), 0, 0, 0,
                    text(arena, account).address(), 0));
        }
    }

    @Override
    public long open(long manager, String name, int access) {
        try (Arena arena = Arena.ofConfined()) {
            return ofHandle(Advapi32.OpenServiceW(manager, text(arena, name).address(), access));
        }
    }

    @Override
    public void close(long handle) {
        Advapi32.CloseServiceHandle(handle);
    }

    @Override
    public int describe(long service, String text) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment description = arena.allocate(8, 8);
            description.set(ValueLayout.JAVA_LONG, 0, text(arena, text).address());
            return ofBool(Advapi32.ChangeServiceConfig2W(service, CONFIG_DESCRIPTION, description.address()));
        }
    }

    @Override
    public int restartOnFailure(long service, int delayMillis, int resetSeconds) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(8 * RESTARTS, 8);
            for (int i = 0; i < RESTARTS; i++) {
                actions.set(ValueLayout.JAVA_INT, 8L * i, SC_ACTION_RESTART);
                actions.set(ValueLayout.JAVA_INT, 8L * i + 4, delayMillis);
            }
            MemorySegment failure = arena.allocate(40, 8);
            failure.set(ValueLayout.JAVA_INT, 0, resetSeconds);
            failure.set(ValueLayout.JAVA_INT, 24, RESTARTS);
            failure.set(ValueLayout.JAVA_LONG, 32, actions.address());
            int error = ofBool(Advapi32.ChangeServiceConfig2W(service, CONFIG_FAILURE_ACTIONS, failure.address()));
            if (error != 0) {
                return error;
            }
            MemorySegment always = arena.allocate(4, 4);
            always.set(ValueLayout.JAVA_INT, 0, 1);
            error = ofBool(Advapi32.ChangeServiceConfig2W(service, CONFIG_FAILURE_ACTIONS_FLAG, always.address()));
            // Wine does not know the flag; the service is then restarted only if its process has died
            return error == -ERROR_INVALID_LEVEL ? 0 : error;
        }
    }

    @Override
    public int start(long service) {
        return ofBool(Advapi32.StartServiceW(service, 0, 0));
    }

    @Override
    public int stop(long service) {
        try (Arena arena = Arena.ofConfined()) {
            return ofBool(Advapi32.ControlService(service, CONTROL_STOP, arena.allocate(STATUS_BYTES, 4).address()));
        }
    }

    @Override
    public int delete(long service) {
        return ofBool(Advapi32.DeleteService(service));
    }

    @Override
    public Status query(long service) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STATUS_PROCESS_BYTES, 4);
            MemorySegment needed = arena.allocate(4, 4);
            if (Advapi32.QueryServiceStatusEx(service, 0, status.address(), STATUS_PROCESS_BYTES,
                    needed.address()) == 0) {
                return null;
            }
            return new Status(status.get(ValueLayout.JAVA_INT, 4), status.get(ValueLayout.JAVA_INT, 12),
                    status.get(ValueLayout.JAVA_INT, 16), status.get(ValueLayout.JAVA_INT, 28));
        }
    }

    @Override
    public int awaitState(long service, int state, int millis) {
        // never freed: the notice may come after the time is over, and a command waits once in its process
        MemorySegment notify = Arena.global().allocate(NOTIFY_BYTES, 8);
        notify.set(ValueLayout.JAVA_INT, 0, NOTIFY_VERSION);
        notify.set(ValueLayout.JAVA_LONG, 8, address(notice));
        // the mask has the bit of each state, in the order of the states from 1
        int error = Advapi32.NotifyServiceStatusChangeW(service, 1 << (state - 1) | NOTIFY_STOPPED, notify.address());
        if (error == 0) {
            Kernel32.SleepEx(millis, ALERTABLE);
        }
        return -error;
    }

    @Override
    public int dispatch(String name, Runnable service) {
        main = (count, arguments) -> service.run();
        try (Arena arena = Arena.ofConfined()) {
            // the second entry is empty, and so the last
            MemorySegment table = arena.allocate(32, 8);
            table.set(ValueLayout.JAVA_LONG, 0, text(arena, name).address());
            table.set(ValueLayout.JAVA_LONG, 8, address(main));
            return ofBool(Advapi32.StartServiceCtrlDispatcherW(table.address()));
        }
    }

    @Override
    public long register(String name, IntUnaryOperator controls) {
        handler = (control, type, data, context) -> controls.applyAsInt(control);
        try (Arena arena = Arena.ofConfined()) {
            return ofHandle(Advapi32.RegisterServiceCtrlHandlerExW(text(arena, name).address(), address(handler), 0));
        }
    }

    @Override
    public int report(long status, int state, int accepted, int exitCode, int specificCode, int checkPoint,
            int waitMillis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment report = arena.allocateFrom(ValueLayout.JAVA_INT, SERVICE_WIN32_OWN_PROCESS, state, accepted,
                    exitCode, specificCode, checkPoint, waitMillis);
            return ofBool(Advapi32.SetServiceStatus(status, report.address()));
        }
    }

    /** The functions of advapi32, with the names that they have there. */
    private static final class Advapi32 {
        static native long OpenSCManagerW(long machine, long database, int access);

        static native long CreateServiceW(long manager, long name, long displayName, int access, int type, int start,
                int error, long command, long group, long tag, long dependencies, long account, long password);

        static native long OpenServiceW(long manager, long name, int access);

        static native int CloseServiceHandle(long handle);

        static native int ChangeServiceConfig2W(long service, int level, long information);

        static native int StartServiceW(long service, int count, long arguments);

        static native int ControlService(long service, int control, long status);

        static native int DeleteService(long service);

        static native int QueryServiceStatusEx(long service, int level, long status, int bytes, long needed);

        static native int NotifyServiceStatusChangeW(long service, int mask, long notify);

        static native int StartServiceCtrlDispatcherW(long table);

        static native long RegisterServiceCtrlHandlerExW(long name, long handler, long context);

        static native int SetServiceStatus(long status, long report);
    }

    /** The functions of kernel32, with the names that they have there. */
    private static final class Kernel32 {
        static native int SleepEx(int millis, int alertable);
    }
}
