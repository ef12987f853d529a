@echo off
rem Starts the relay on the first Java 25 or later: RELAY_JAVA, the runtime beside this file, JAVA_HOME, the path, and
rem the usual directories. RELAY_JAVA_OPTS has options for the JVM, such as -Xmx512m.
setlocal
set "home=%~dp0"
set java=
set too_old=
if defined RELAY_JAVA (
    call :try "%RELAY_JAVA%"
    goto found
)
call :try "%home%runtime\bin\java.exe"
if defined JAVA_HOME call :try "%JAVA_HOME%\bin\java.exe"
for %%j in (java.exe) do call :try "%%~$PATH:j"
for %%v in (Java "Eclipse Adoptium" Microsoft Zulu "Amazon Corretto" BellSoft) do (
    for /d %%d in ("%ProgramFiles%\%%~v\*") do call :try "%%d\bin\java.exe"
)
:found
if defined java goto run
echo relay: Java 25 or later is needed%too_old%; name one in JAVA_HOME or RELAY_JAVA 1>&2
exit /b 2
:run
rem JNA and its module are on the path here, so that the relay runs on the completion port of Windows.
"%java%" %RELAY_JAVA_OPTS% --enable-native-access=com.sun.jna -p "%home%lib;%home%lib\windows" -m io.iocp4j.relay/io.iocp4j.relay.Main %*
exit /b %errorlevel%

:try
if defined java exit /b
if "%~1"=="" exit /b
if not exist "%~1" exit /b
set version=
set major=0
for /f "tokens=2" %%v in ('""%~1" --version"') do if not defined version set "version=%%v"
if defined version for /f "delims=.-+ " %%m in ("%version%") do set "major=%%m"
if %major% geq 25 (
    set "java=%~1"
) else (
    if not defined too_old set "too_old=, and %~1 is an older one"
)
exit /b
