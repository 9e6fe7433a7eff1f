// On a narrow screen the tabs scroll sideways: the one that is shown must be in sight.
for (const here of document.querySelectorAll(".cw-tabs [aria-current]")) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;
